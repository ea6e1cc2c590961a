//! Custom connectors, and who may use a connection.

use outlive_clock::Instant;
use reqwest::Method;
use serde_json::{Value, json};

use super::connections::{API_VERSION, GROUP};
use super::portal::{Audience, Maker, MakerError};

impl Maker {
    /// Returns the resource id of a custom connector.
    pub(crate) fn custom_api_id(&self, name: &str) -> String {
        let subscription = self.endpoints.tenant;
        format!(
            "/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Web/customApis/{name}"
        )
    }

    /// Registers a custom connector. Returns the hub's representation of it.
    pub(crate) async fn put_custom_api(
        &mut self,
        now: Instant,
        name: &str,
        properties: &Value,
    ) -> Result<Value, MakerError> {
        self.write_custom_api(now, Method::PUT, name, properties).await
    }

    /// Changes members of a custom connector, as its maker or an administrator.
    pub(crate) async fn patch_custom_api(
        &mut self,
        now: Instant,
        name: &str,
        properties: &Value,
    ) -> Result<Value, MakerError> {
        self.write_custom_api(now, Method::PATCH, name, properties).await
    }

    async fn write_custom_api(
        &mut self,
        now: Instant,
        method: Method,
        name: &str,
        properties: &Value,
    ) -> Result<Value, MakerError> {
        let url = format!("{}{}?api-version={API_VERSION}", self.endpoints.hub, self.custom_api_id(name));
        let body = json!({ "properties": properties });
        Ok(self.call(Audience::Hub, now, method, &url, Some(&body)).await?.expect()?)
    }

    /// Lets a user use a connection, as its owner.
    pub(crate) async fn share_connection(
        &mut self,
        now: Instant,
        name: &str,
        user: &str,
    ) -> Result<(), MakerError> {
        let url = self.connection_url(name, &format!("/accessPolicies/{user}"));
        let identity = json!({"tenantId": self.endpoints.tenant, "objectId": user});
        let body = json!({"properties": {"principal": {"type": "ActiveDirectory", "identity": identity}}});
        let answer = self.call(Audience::Hub, now, Method::PUT, &url, Some(&body)).await?;
        answer.expect::<Value>()?;
        Ok(())
    }

    /// Deletes the access policies by which a user may use a connection, as its owner.
    pub(crate) async fn stop_sharing(
        &mut self,
        now: Instant,
        name: &str,
        user: &str,
    ) -> Result<(), MakerError> {
        let url = self.connection_url(name, "/accessPolicies");
        let list: Value = self.call(Audience::Hub, now, Method::GET, &url, None).await?.expect()?;
        for policy in list["value"].as_array().into_iter().flatten() {
            if policy.pointer("/properties/principal/identity/objectId").and_then(Value::as_str) != Some(user)
            {
                continue;
            }
            let policy = policy["name"].as_str().unwrap_or_default();
            let url = self.connection_url(name, &format!("/accessPolicies/{policy}"));
            let answer = self.call(Audience::Hub, now, Method::DELETE, &url, None).await?;
            if answer.status >= 300 {
                return Err(answer.refused().into());
            }
        }
        Ok(())
    }

    /// Deletes every access policy of a connection, as its owner. Returns their number.
    pub(crate) async fn remove_access(&mut self, now: Instant, name: &str) -> Result<usize, MakerError> {
        let url = self.connection_url(name, "/accessPolicies");
        let list: Value = self.call(Audience::Hub, now, Method::GET, &url, None).await?.expect()?;
        let policies = list["value"].as_array().map(Vec::as_slice).unwrap_or_default();
        for policy in policies {
            let policy = policy["name"].as_str().unwrap_or_default();
            let url = self.connection_url(name, &format!("/accessPolicies/{policy}"));
            let answer = self.call(Audience::Hub, now, Method::DELETE, &url, None).await?;
            if answer.status >= 300 {
                return Err(answer.refused().into());
            }
        }
        Ok(policies.len())
    }
}
