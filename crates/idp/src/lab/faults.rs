//! Faults at the identity provider: the tenants of requests, and errors of the catalogue.

use axum::extract::FromRequestParts as _;
use axum::response::Response;
use http::request::Parts;
use outlive_chassis::{CallerOrigin, Trace};
use outlive_clock::{ClientId, TenantId};
use outlive_rules::Aadsts;
use outlive_tokens::TokenVersion;

use crate::idp::Idp;
use crate::protocol::refusal::Refusal;
use crate::sign_in::pages;

/// Returns the tenant that the first segment of a path names: a domain, or `common` for a client
/// that only one tenant has.
pub(crate) async fn tenant_of(idp: &Idp, request: &Parts, client: Option<&str>) -> Option<TenantId> {
    let segment = request.uri.path().split('/').nth(1)?;
    let is_alias = matches!(segment, "common" | "organizations");
    if !is_alias && (!segment.contains('.') || segment == "v1.0") {
        return None;
    }
    let client = client.and_then(|client| client.parse::<ClientId>().ok());
    idp.tenant(segment, client).await.ok().map(|tenant| tenant.id)
}

/// Returns the response with an error of the catalogue: a page for browsers, or JSON.
pub(crate) async fn error_response(
    idp: &Idp,
    number: u32,
    tenant: TenantId,
    request: &Parts,
    client: Option<&str>,
) -> Option<Response> {
    let mut refusal = Refusal::new(Aadsts::from_number(number)?).with("tenant", tenant);
    if let Some(client) = client.and_then(|client| client.parse::<ClientId>().ok()) {
        refusal = refusal.with_client(client, &client.to_string());
    }
    let parts = &mut request.clone();
    let Ok(trace) = Trace::from_request_parts(parts, &()).await;
    let Ok(origin) = CallerOrigin::from_request_parts(parts, &()).await;
    let details = idp.request_details(&trace, &origin, Some(tenant)).await;
    let path = request.uri.path();
    if path.ends_with("/authorize") {
        return Some(pages::refusal(&refusal, &details));
    }
    let is_version_1 = path.ends_with("/oauth2/token");
    let version = if is_version_1 { TokenVersion::V1 } else { TokenVersion::V2 };
    Some(refusal.at(version).token_response(&details))
}
