//! Instance discovery: which hosts are one cloud (reference: "Instance discovery and user realm").

use axum::extract::{RawQuery, State};
use axum::response::Response;
use outlive_chassis::{CallerOrigin, Trace};
use outlive_rules::aadsts;
use serde_json::json;
use url::Url;

use super::public_document;
use crate::form::Parameters;
use crate::idp::Idp;
use crate::refusal::Refusal;

pub(crate) async fn instance(
    State(idp): State<Idp>,
    RawQuery(query): RawQuery,
    origin: CallerOrigin,
    trace: Trace,
) -> Response {
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let asked = query.get("authorization_endpoint").and_then(|text| Url::parse(text).ok());
    let known = asked.as_ref().filter(|url| {
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        idp.chassis.origins.for_host(host).is_some()
    });
    let Some(endpoint) = known else {
        let refusal = Refusal::new(aadsts::HOST_UNKNOWN);
        return refusal.token_response(&idp.asked(&trace, &origin, None).await);
    };
    let segment = endpoint.path_segments().and_then(|mut segments| segments.next()).unwrap_or("common");
    let host = origin.0.split_once("://").map_or(&*origin.0, |(_, host)| host);
    public_document(json!({
        "tenant_discovery_endpoint": format!("{origin}/{segment}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }))
}
