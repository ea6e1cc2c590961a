//! The published keys (RFC 7517; reference: "JWKS").

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use outlive_chassis::{CallerOrigin, Trace};
use outlive_tokens::{JwkSet, TokenVersion};
use serde_json::json;

use super::document::{public_document, segment_of, template};
use crate::idp::Idp;

pub(crate) async fn keys_v1(
    State(idp): State<Idp>,
    path: Result<Path<String>, PathRejection>,
    origin: CallerOrigin,
    trace: Trace,
) -> Response {
    answer(&idp, &segment_of(path), TokenVersion::V1, &origin, &trace).await
}

pub(crate) async fn keys_v2(
    State(idp): State<Idp>,
    path: Result<Path<String>, PathRejection>,
    origin: CallerOrigin,
    trace: Trace,
) -> Response {
    answer(&idp, &segment_of(path), TokenVersion::V2, &origin, &trace).await
}

async fn answer(
    idp: &Idp,
    segment: &str,
    version: TokenVersion,
    origin: &CallerOrigin,
    trace: &Trace,
) -> Response {
    let (ring, issuer) = match segment {
        "common" | "organizations" => (idp.keys.latest().await, template(idp, origin, version)),
        other => match idp.tenant(other, None).await {
            Ok(tenant) => {
                idp.date_by(tenant.id).await;
                (idp.keys.ring(&tenant).await, idp.issuer(&origin.0, tenant.id, version))
            }
            Err(refusal) => return refusal.token_response(&idp.request_details(trace, origin, None).await),
        },
    };
    let ring = match ring {
        Ok(ring) => ring,
        Err(problem) => return problem.into_response(),
    };
    let set = match version {
        TokenVersion::V1 => JwkSet::v1(&ring),
        TokenVersion::V2 => JwkSet::v2(&ring, &issuer),
    };
    public_document(json!(set))
}
