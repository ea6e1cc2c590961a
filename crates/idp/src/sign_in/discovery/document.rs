//! What the documents share.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use outlive_chassis::CallerOrigin;
use outlive_tokens::TokenVersion;
use serde_json::Value;

use crate::idp::Idp;

/// Returns the path's tenant segment; empty if it is not UTF-8.
pub(super) fn segment_of(path: Result<Path<String>, PathRejection>) -> String {
    path.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(segment)| segment)
}

/// Returns the issuer template of an alias: clients substitute a token's `tid`.
pub(super) fn template(idp: &Idp, origin: &CallerOrigin, version: TokenVersion) -> String {
    let origin = idp.issuer_origin(&origin.0, version);
    let suffix = if version == TokenVersion::V1 { "" } else { "v2.0" };
    format!("{origin}/{{tenantid}}/{suffix}")
}

/// Returns a public document: readable by any page and cacheable for a day.
pub(super) fn public_document(document: Value) -> Response {
    let headers = [
        (CACHE_CONTROL, "max-age=86400, private"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, OPTIONS"),
    ];
    (headers, Json(document)).into_response()
}
