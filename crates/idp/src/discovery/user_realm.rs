//! User realm: where a person of this name signs in (reference: "Instance discovery and user realm").

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::{public_document, segment_of};
use crate::idp::Idp;

/// `GET /common/userrealm/{upn}`. Every domain that is known signs its people in here; no other is followed.
pub(crate) async fn user_realm(
    State(idp): State<Idp>,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let name = segment_of(path);
    let domain = name.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase()).unwrap_or_default();
    // A domain has a dot: neither an alias nor a tenant's id is one.
    let tenant = if domain.contains('.') { idp.tenant(&domain, None).await.ok() } else { None };
    if let Some(tenant) = &tenant {
        idp.date_by(tenant.id).await;
    }
    public_document(json!({
        "ver": "1.0",
        "account_type": if tenant.is_some() { "Managed" } else { "Unknown" },
        "domain_name": domain,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }))
}
