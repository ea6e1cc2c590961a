//! User realm discovery: where a user signs in (reference: "Instance discovery and user realm").

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::document::{public_document, segment_of};
use crate::idp::Idp;

/// `GET /common/userrealm/{upn}`. The users of every known domain sign in here; no domain is
/// federated.
pub(crate) async fn user_realm(
    State(idp): State<Idp>,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let name = segment_of(path);
    let domain = name.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase()).unwrap_or_default();
    // A domain has a dot, so it is neither an alias nor a tenant id.
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
