//! Documents that clients read before they do anything else: OpenID configuration, keys, instance discovery.

mod instance;
mod keys;
mod openid_configuration;

pub(crate) use instance::instance;
pub(crate) use keys::{keys_v1, keys_v2};
pub(crate) use openid_configuration::{configuration_v1, configuration_v2};

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use serde_json::Value;

/// A public document: any page may read it, and clients may keep it for a day.
fn public_document(document: Value) -> Response {
    let headers = [
        (CACHE_CONTROL, "max-age=86400, private"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, OPTIONS"),
    ];
    (headers, Json(document)).into_response()
}
