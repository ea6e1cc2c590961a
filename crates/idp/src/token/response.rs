//! The token response (reference: "Success body"), with the differences of each version.

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, EXPIRES, PRAGMA};
use outlive_clock::Span;
use outlive_rules::lifetimes;
use outlive_rules::scopes::{GrantedScopes, ResponseStyle};
use outlive_tokens::TokenVersion;
use serde::Serialize;
use serde_json::json;

use super::record::Recorded;

/// Numbers in version 2.0 and strings in version 1.0.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

#[derive(Debug, Serialize)]
pub(crate) struct TokenAnswer {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: Seconds,
    ext_expires_in: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_in: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Seconds; only for the refresh of a single-page application.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token_expires_in: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<String>,
}

impl TokenAnswer {
    pub(super) fn of(recorded: Recorded<'_>) -> Self {
        let Recorded { request, access_token, refresh_token, id_token, resource, user, .. } = recorded;
        let is_v1 = request.endpoint == TokenVersion::V1;
        let seconds = |span: Span| {
            let seconds = span.as_seconds();
            if is_v1 { Seconds::Text(seconds.to_string()) } else { Seconds::Number(seconds) }
        };
        let lifetime = access_token.expires_at - request.now;
        // MSAL for JavaScript reads this member. Entra ID was observed to send it for the refresh
        // of a single-page application, whose refresh tokens have a fixed expiry.
        let refreshed = refresh_token.as_ref().filter(|(token, _)| !is_v1 && token.parent_id.is_some());
        let refresh_token_end = refreshed.and_then(|(token, _)| token.fixed_expires_at);
        let client_info = user.as_ref().filter(|_| request.form.get("client_info") == Some("1"));
        Self {
            token_type: "Bearer",
            scope: user.as_ref().map(|(_, granted)| scope(request.endpoint, granted)),
            expires_in: seconds(lifetime),
            ext_expires_in: seconds(lifetime),
            refresh_in: refresh_in(lifetime).map(seconds),
            expires_on: is_v1.then(|| access_token.expires_at.as_seconds().to_string()),
            not_before: is_v1.then(|| access_token.not_before.as_seconds().to_string()),
            resource: is_v1.then_some(resource),
            access_token: access_token.token,
            refresh_token_expires_in: refresh_token_end.map(|end| seconds(end - request.now)),
            refresh_token: refresh_token.map(|(_, text)| text),
            id_token,
            client_info: client_info.map(|(id, _)| {
                URL_SAFE_NO_PAD.encode(json!({"uid": id, "utid": request.tenant.id}).to_string())
            }),
        }
    }
}

/// Returns `refresh_in`, when the client should proactively refresh: half the lifetime of a
/// long-lived token.
fn refresh_in(expires_in: Span) -> Option<Span> {
    (expires_in > lifetimes::ACCESS_TOKEN_LONGEST).then(|| Span::from_seconds(expires_in.as_seconds() / 2))
}

/// Returns the granted scopes in the format of the version.
pub(crate) fn scope(endpoint: TokenVersion, granted: &GrantedScopes) -> String {
    granted.scope(match endpoint {
        TokenVersion::V1 => ResponseStyle::Bare,
        TokenVersion::V2 => ResponseStyle::AsRequested,
    })
}

impl IntoResponse for TokenAnswer {
    fn into_response(self) -> Response {
        let headers = [(CACHE_CONTROL, "no-store, no-cache"), (PRAGMA, "no-cache"), (EXPIRES, "-1")];
        (headers, Json(self)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_lives_are_halved() {
        assert_eq!(refresh_in(Span::from_minutes(90)), None);
        assert_eq!(refresh_in(Span::from_hours(24)), Some(Span::from_hours(12)));
    }
}
