//! The claims challenge, the response to a revoked access token ("Claims challenges, claims
//! requests, and client capabilities").

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use outlive_chassis::Trace;
use outlive_clock::Instant;
use outlive_tokens::{Challenge, TOKEN_ISSUED_BEFORE_REVOCATION};
use serde::Serialize;
use uuid::Uuid;

use super::CutOff;

/// Requires a token that is issued after the challenge.
#[derive(Clone, Debug)]
pub(crate) struct ClaimsChallenge {
    /// The time of the challenge (virtual).
    pub(crate) at: Instant,
    /// The event that revoked the token.
    pub(crate) ended: CutOff,
    pub(crate) authorization_uri: String,
    /// The client id of this API.
    pub(crate) client_id: String,
    /// The ids of the request.
    pub(crate) request_id: Uuid,
    pub(crate) client_request_id: Uuid,
}

impl ClaimsChallenge {
    pub(crate) fn new(
        at: Instant,
        ended: CutOff,
        authorization_uri: String,
        client_id: String,
        trace: &Trace,
    ) -> Self {
        let client_request_id = trace.client_request_id.unwrap_or(trace.request_id);
        Self { at, ended, authorization_uri, client_id, request_id: trace.request_id, client_request_id }
    }

    pub(crate) const fn message(&self) -> &'static str {
        TOKEN_ISSUED_BEFORE_REVOCATION
    }

    pub(crate) fn answer(&self) -> Response {
        let challenge = Challenge::new("", &self.authorization_uri)
            .with_client_id(&self.client_id)
            .no_older_than(self.at);
        let body = Body {
            error: Members {
                code: "InvalidAuthenticationToken",
                message: self.message(),
                inner_error: InnerError {
                    date: self.at.strftime("%Y-%m-%dT%H:%M:%S"),
                    request_id: self.request_id,
                    client_request_id: self.client_request_id,
                },
            },
        };
        let headers = [(WWW_AUTHENTICATE, challenge.to_header_value())];
        (StatusCode::UNAUTHORIZED, headers, Json(body)).into_response()
    }
}

#[derive(Serialize)]
struct Body {
    error: Members,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    code: &'static str,
    message: &'static str,
    inner_error: InnerError,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct InnerError {
    date: String,
    request_id: Uuid,
    client_request_id: Uuid,
}
