//! The published keys (RFC 7517; reference: "JWKS").

use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use outlive_tokens::{JwkSet, TokenVersion};
use serde_json::json;

use super::document::{DocumentRequest, public_document, tenant_document};
use crate::idp::Idp;

/// The route of a version's keys.
pub(crate) fn keys(version: TokenVersion) -> MethodRouter<Idp> {
    tenant_document(version, answer)
}

async fn answer(request: DocumentRequest) -> Response {
    let keys = &request.idp.keys;
    let ring = match &request.tenant {
        Some(tenant) => keys.ring(tenant).await,
        None => keys.latest().await,
    };
    let ring = match ring {
        Ok(ring) => ring,
        Err(problem) => return problem.into_response(),
    };
    let set = match request.version {
        TokenVersion::V1 => JwkSet::v1(&ring),
        TokenVersion::V2 => JwkSet::v2(&ring, &request.issuer),
    };
    public_document(json!(set))
}
