//! Ceremonies of passkeys that wait at the identity provider for the phone of a user.

use outlive_clock::{Instant, TenantId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{LabSurface, Service};
use crate::http::{CallError, send};

/// A ceremony.
#[derive(Debug, Deserialize)]
pub(crate) struct WaitingCeremony {
    pub(crate) id: String,
    pub(crate) purpose: String,
    /// The origin of the page that waits.
    pub(crate) origin: String,
    /// Its options, as JSON.
    pub(crate) options: String,
    pub(crate) asked: Instant,
    /// The number that the page shows.
    pub(crate) number: u8,
    /// Whether it is for a certain user.
    pub(crate) names_user: bool,
}

impl LabSurface {
    /// Returns the ceremonies that wait for the phone of a user, newest first.
    pub(crate) async fn phone_requests(
        &self,
        tenant: TenantId,
        upn: &str,
    ) -> Result<Vec<WaitingCeremony>, CallError> {
        #[derive(Deserialize)]
        struct Requests {
            requests: Vec<WaitingCeremony>,
        }
        let url = self.url(Service::Idp, &format!("/_lab/tenants/{tenant}/phone-requests"));
        let request = self.request(Method::GET, &url).query(&[("user", upn)]);
        Ok(send(request).await?.expect::<Requests>()?.requests)
    }

    /// Responds to a ceremony, or declines it.
    pub(crate) async fn answer_phone_request(
        &self,
        tenant: TenantId,
        id: &str,
        credential: Option<&str>,
    ) -> Result<(), CallError> {
        // The id is one segment of the path.
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        let path = format!("/_lab/tenants/{tenant}/phone-requests/{}", id.replace('+', "%20"));
        let request = self.request(Method::POST, &self.url(Service::Idp, &path));
        let answer = send(request.json(&json!({ "credential": credential }))).await?;
        if answer.status == 204 { Ok(()) } else { Err(answer.refused()) }
    }
}
