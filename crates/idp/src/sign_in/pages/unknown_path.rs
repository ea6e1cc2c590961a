//! Unknown paths, and the error lookup page.

use axum::extract::{OriginalUri, RawQuery};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_rules::Aadsts;

use super::{known_error, message};
use crate::protocol::form::Parameters;

/// Any unknown path. Below the lab surface the error is JSON, elsewhere a page.
pub(crate) async fn unknown_path(OriginalUri(uri): OriginalUri) -> Response {
    if uri.path().starts_with("/_lab/") {
        return Problem::not_found("NotFound", "The lab surface has no such path.").into_response();
    }
    message(StatusCode::NOT_FOUND, "Page not found", "Check the address, or start again at the application.")
}

/// `GET /common/oauth2/nativeclient`: the redirect URI of native applications without a page of
/// their own, which read the response from the address.
pub(crate) async fn native_client() -> Response {
    message(StatusCode::OK, "You can go back to the application", "It reads the response from this address.")
}

/// `GET /error?code=50173`: the target of `error_uri`.
pub(crate) async fn error_lookup(RawQuery(query): RawQuery) -> Response {
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let found = query.get("code").and_then(|code| code.parse().ok()).and_then(Aadsts::from_number);
    found.map_or_else(
        || {
            message(
                StatusCode::NOT_FOUND,
                "Unknown error code",
                "Set the code parameter to the number after AADSTS.",
            )
        },
        known_error,
    )
}
