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

/// What becomes of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registration {
    Waiting,
    Registered,
    /// The page was left, or its request expired.
    Over,
}

impl LabSurface {
    /// Returns whether the page of a registration registered the passkey that a phone made.
    pub(crate) async fn phone_registration(
        &self,
        tenant: TenantId,
        id: &str,
        credential: &str,
    ) -> Result<Registration, CallError> {
        #[derive(Deserialize)]
        struct Answer {
            registration: Registration,
        }
        let url = self.url(Service::Idp, &request_path(tenant, id));
        let request = self.request(Method::GET, &url).query(&[("credential", credential)]);
        Ok(send(request).await?.expect::<Answer>()?.registration)
    }

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
        let request = self.request(Method::POST, &self.url(Service::Idp, &request_path(tenant, id)));
        let answer = send(request.json(&json!({ "credential": credential }))).await?;
        if answer.status == 204 { Ok(()) } else { Err(answer.refused()) }
    }
}

/// The id is one segment of the path.
fn request_path(tenant: TenantId, id: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("/_lab/tenants/{tenant}/phone-requests/{}", id.replace('+', "%20"))
}
