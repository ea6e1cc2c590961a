//! The token response (reference: "Success body"), with the differences of each version.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, EXPIRES, PRAGMA};
use outlive_clock::{Instant, Span};
use outlive_rules::scopes::ResponseStyle;
use outlive_tokens::TokenVersion;
use serde::Serialize;

use super::evaluation;
use super::mint::MintedAccessToken;
use super::resource_grant::ResourceGrant;

/// Numbers in version 2.0 and strings in version 1.0.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

/// A token response.
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
    pub(crate) fn for_user(
        endpoint: TokenVersion,
        access_token: MintedAccessToken,
        refresh_token: Option<String>,
        id_token: Option<String>,
        client_info: Option<String>,
        resource: &ResourceGrant,
        now: Instant,
    ) -> Self {
        let mut answer = Self::bare(endpoint, access_token, resource.name.clone(), now);
        answer.scope = Some(scope(endpoint, resource));
        answer.refresh_token = refresh_token;
        answer.id_token = id_token;
        answer.client_info = client_info;
        answer
    }

    /// Adds the lifetime of the refresh token to a version 2.0 response.
    pub(crate) fn with_refresh_token_life(mut self, endpoint: TokenVersion, life: Option<Span>) -> Self {
        let life = life.filter(|_| endpoint == TokenVersion::V2 && self.refresh_token.is_some());
        self.refresh_token_expires_in = life.map(|life| Seconds::Number(life.as_seconds()));
        self
    }

    pub(crate) fn for_app(
        endpoint: TokenVersion,
        access_token: MintedAccessToken,
        resource: String,
        now: Instant,
    ) -> Self {
        Self::bare(endpoint, access_token, resource, now)
    }

    fn bare(endpoint: TokenVersion, access_token: MintedAccessToken, resource: String, now: Instant) -> Self {
        let lives = access_token.expires_at - now;
        let v1 = endpoint == TokenVersion::V1;
        let seconds = |span: Span| {
            let seconds = span.as_seconds();
            if v1 { Seconds::Text(seconds.to_string()) } else { Seconds::Number(seconds) }
        };
        Self {
            token_type: "Bearer",
            scope: None,
            expires_in: seconds(lives),
            ext_expires_in: seconds(lives),
            refresh_in: evaluation::refresh_in(lives).map(seconds),
            expires_on: v1.then(|| access_token.expires_at.as_seconds().to_string()),
            not_before: v1.then(|| access_token.not_before.as_seconds().to_string()),
            resource: v1.then_some(resource),
            access_token: access_token.token,
            refresh_token: None,
            refresh_token_expires_in: None,
            id_token: None,
            client_info: None,
        }
    }
}

/// Returns the granted scopes in the format of the version.
pub(crate) fn scope(endpoint: TokenVersion, resource: &ResourceGrant) -> String {
    resource.granted.scope(match endpoint {
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
