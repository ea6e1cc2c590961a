//! Grants that need no browser of the application: device code (RFC 8628), on-behalf-of (RFC 7523),
//! and the password grant.

use reqwest::Method;
use serde::Deserialize;

use crate::http::{Http, send};
use crate::oauth_client::{OAuthClient, OAuthError, Refusal, Tokens};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The response of the device authorization endpoint. No `Debug`: the device code is a credential.
#[derive(Clone, Deserialize)]
pub(crate) struct DeviceAuthorization {
    pub(crate) device_code: String,
    /// The code that the user enters.
    pub(crate) user_code: String,
    /// The page on which the user enters it.
    pub(crate) verification_uri: String,
}

impl OAuthClient {
    /// Requests a device code and a user code.
    pub(crate) async fn start_device(
        &self,
        http: &Http,
        scope: &str,
    ) -> Result<DeviceAuthorization, OAuthError> {
        let mut fields = vec![("client_id", self.client_id.as_str()), ("scope", scope)];
        fields.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        let answer = send(http.request(Method::POST, &self.endpoint("devicecode")).form(&fields)).await?;
        if answer.status == 200 {
            Ok(answer.expect()?)
        } else {
            Err(OAuthError::Refused(Refusal::of(&answer)))
        }
    }

    /// Redeems a device code. Before the user has answered, the issuer refuses it with
    /// `authorization_pending`.
    pub(crate) async fn redeem_device(&self, http: &Http, device_code: &str) -> Result<Tokens, OAuthError> {
        self.request_token(http, &mut vec![("grant_type", DEVICE_CODE), ("device_code", device_code)]).await
    }

    /// Exchanges an access token for this application for one for another API.
    pub(crate) async fn on_behalf_of(
        &self,
        http: &Http,
        assertion: &str,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let mut fields = vec![
            ("grant_type", JWT_BEARER),
            ("requested_token_use", "on_behalf_of"),
            ("assertion", assertion),
            ("scope", scope),
        ];
        self.request_token(http, &mut fields).await
    }

    /// Requests tokens with a user's name and password (ROPC).
    pub(crate) async fn password(
        &self,
        http: &Http,
        upn: &str,
        password: &str,
        scope: &str,
    ) -> Result<Tokens, OAuthError> {
        let mut fields =
            vec![("grant_type", "password"), ("username", upn), ("password", password), ("scope", scope)];
        self.request_token(http, &mut fields).await
    }
}
