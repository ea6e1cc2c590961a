//! Responses that must not be cached.

use axum::Json;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use serde_json::Value;

/// A response that contains a credential and must not be cached.
pub(super) fn no_store(body: Value) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(body))
}
