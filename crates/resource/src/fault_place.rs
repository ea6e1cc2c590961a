//! The tenant whose credential a request has, for faults. A token names its tenant itself; other
//! credentials are looked up. Nothing is verified.

use http::request::Parts;
use outlive_chassis::PeerCertificate;
use outlive_clock::TenantId;

use crate::api::Api;
use crate::scheme::Scheme;
use crate::{api_certificates, api_keys, domains, password};

pub(crate) async fn tenant_of(api: &Api, request: &Parts) -> Option<TenantId> {
    let store = &api.chassis.store;
    match Scheme::of_path(request.uri.path()) {
        Scheme::Bearer => None,
        Scheme::Basic => {
            let credentials = password::presented(&request.headers).ok()?;
            domains::find_stored(store, &credentials.user_name).await.ok()?
        }
        Scheme::ApiKey => {
            let key = api_keys::presented(&request.headers, request.uri.query()).ok()?;
            Some(api_keys::find(store, &key).await.ok()??.tenant)
        }
        Scheme::Certificate => {
            let presented = request.extensions.get::<PeerCertificate>()?;
            Some(api_certificates::find(store, presented).await.ok()??.tenant)
        }
    }
}
