//! Connections: creation, consent, status.

use outlive_clock::Instant;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::portal::{Audience, Maker, MakerError};
use crate::http::CallError;
use crate::oauth_client::{code_of, stops_at};

/// The redirect URL of the consent. It is recognized, never fetched.
const CONSENT_RETURN: &str = "http://localhost/connected";
/// The resource group of all connections, by convention.
pub(crate) const GROUP: &str = "lab";
/// The only location.
const LOCATION: &str = "unitedstates";
/// The API version of the hub's control plane.
pub(super) const API_VERSION: &str = "2016-06-01";

impl Maker {
    pub(super) fn connection_url(&self, name: &str, rest: &str) -> String {
        let (hub, subscription) = (&self.endpoints.hub, self.endpoints.tenant);
        format!(
            "{hub}/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Web/connections/{name}{rest}?api-version={API_VERSION}"
        )
    }

    async fn at_hub(
        &mut self,
        now: Instant,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Value, MakerError> {
        Ok(self.call(Audience::Hub, now, method, url, body).await?.expect()?)
    }

    /// Creates a connection with the values of its parameters (an object), which has no consent
    /// yet.
    pub(crate) async fn put_connection(
        &mut self,
        now: Instant,
        name: &str,
        display_name: &str,
        connector: &str,
        values: &Value,
    ) -> Result<Value, MakerError> {
        let api = format!(
            "/subscriptions/{}/providers/Microsoft.Web/locations/{LOCATION}/managedApis/{connector}",
            self.endpoints.tenant
        );
        self.create_connection(now, name, display_name, &api, values).await
    }

    /// Creates a connection to the connector with the resource id `api`.
    pub(crate) async fn create_connection(
        &mut self,
        now: Instant,
        name: &str,
        display_name: &str,
        api: &str,
        values: &Value,
    ) -> Result<Value, MakerError> {
        let properties = json!({"displayName": display_name, "api": {"id": api}, "parameterValues": values});
        let body = json!({"location": LOCATION, "properties": properties});
        let url = self.connection_url(name, "");
        self.at_hub(now, Method::PUT, &url, Some(&body)).await
    }

    /// Replaces values of a connection's parameters (an object).
    pub(crate) async fn replace_values(
        &mut self,
        now: Instant,
        name: &str,
        values: &Value,
    ) -> Result<Value, MakerError> {
        let url = self.connection_url(name, "");
        let body = json!({"properties": {"parameterValues": values}});
        self.at_hub(now, Method::PATCH, &url, Some(&body)).await
    }

    /// Returns a key for calls through a connection, valid as long as the hub's default.
    pub(crate) async fn connection_key(&mut self, now: Instant, name: &str) -> Result<String, MakerError> {
        let url = self.connection_url(name, "/listConnectionKeys");
        let listed = self.at_hub(now, Method::POST, &url, Some(&json!({}))).await?;
        Ok(listed["connectionKey"].as_str().unwrap_or_default().to_owned())
    }

    /// Returns the hub's representation of a connection.
    pub(crate) async fn connection(&mut self, now: Instant, name: &str) -> Result<Value, MakerError> {
        let url = self.connection_url(name, "");
        self.at_hub(now, Method::GET, &url, None).await
    }

    /// Deletes a connection.
    pub(crate) async fn delete_connection(&mut self, now: Instant, name: &str) -> Result<(), MakerError> {
        let url = self.connection_url(name, "");
        let answer = self.call(Audience::Hub, now, Method::DELETE, &url, None).await?;
        if answer.status >= 300 { Err(answer.refused().into()) } else { Ok(()) }
    }

    /// Signs in for a connection: for a new connection, or to fix a broken one. Where the connector
    /// lets the portal sign in with its own token, it does; otherwise the user consents with a
    /// passkey, or name and password.
    pub(crate) async fn follow_consent_link(&mut self, now: Instant, name: &str) -> Result<(), MakerError> {
        let Some(link) = self.consent_link(now, name, CONSENT_RETURN).await? else { return Ok(()) };
        let (upn, password) = (self.user.upn.clone(), self.user.password.clone());
        let stop = stops_at(CONSENT_RETURN);
        let back = match &mut self.passkey {
            Some(passkey) => passkey.sign_in(&mut self.browser, link, &upn, &stop).await,
            None => self.browser.sign_in(link, &upn, &password, &stop).await,
        };
        let back = back.map_err(MakerError::Consent)?;
        let code = code_of(&back).map_err(MakerError::ConsentRefused)?;
        self.confirm_consent(now, name, &code).await
    }

    /// Returns the link at which the user signs in for a connection; the browser then returns to
    /// `return_url` with a code. Returns `None` if the portal signed in with its own token.
    pub(crate) async fn consent_link(
        &mut self,
        now: Instant,
        name: &str,
        return_url: &str,
    ) -> Result<Option<Url>, MakerError> {
        let request = json!({"parameters": [{
            "parameterName": "token", "redirectUrl": return_url,
            "objectId": self.user.id, "tenantId": self.endpoints.tenant,
        }]});
        let url = self.connection_url(name, "/listConsentLinks");
        let links = self.at_hub(now, Method::POST, &url, Some(&request)).await?;
        if let Some(uri) = links.pointer("/value/0/firstPartyLoginUri").and_then(Value::as_str) {
            let token = json!({"accessToken": self.token(Audience::Hub, now).await?});
            self.at_hub(now, Method::POST, uri, Some(&token)).await?;
            return Ok(None);
        }
        let link = links.pointer("/value/0/link").and_then(Value::as_str).unwrap_or_default();
        let link = Url::parse(link).map_err(|error| CallError {
            call: url,
            problem: format!("returned an invalid link ({error}): {link:?}"),
            status: Some(200),
        })?;
        Ok(Some(link))
    }

    /// Confirms the sign-in for a connection with the code that its link returned.
    pub(crate) async fn confirm_consent(
        &mut self,
        now: Instant,
        name: &str,
        code: &str,
    ) -> Result<(), MakerError> {
        let confirm = json!({"tenantId": self.endpoints.tenant, "objectId": self.user.id, "code": code});
        let url = self.connection_url(name, "/confirmConsentCode");
        self.at_hub(now, Method::POST, &url, Some(&confirm)).await?;
        Ok(())
    }
}
