//! Error responses.

use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use outlive_chassis::Problem;
use outlive_clock::{Instant, TenantId};
use outlive_store::StoreError;
use outlive_tokens::{BearerRefusal, Challenge};

use crate::evaluation::ClaimsChallenge;

/// Why a request was rejected.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// The token is missing or invalid.
    Token(BearerRefusal),
    /// The API does not exist in the token's tenant.
    UnknownTenant(TenantId),
    /// The token was revoked.
    Ended(ClaimsChallenge),
    /// The token lacks the required permission.
    Forbidden { needed: &'static str, app_only: bool },
    /// Any other error, such as an unavailable database.
    Problem(Problem),
}

impl Refusal {
    /// The reason in journal events.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Token(refusal) => refusal.code(),
            Self::UnknownTenant(_) => "unknown_tenant",
            Self::Ended(_) => "insufficient_claims",
            Self::Forbidden { .. } => "insufficient_scope",
            Self::Problem(problem) => problem.code,
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Token(refusal) => refusal.status(),
            Self::UnknownTenant(_) | Self::Ended(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::Problem(problem) => problem.status,
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::Token(BearerRefusal::Missing) => {
                "Send an access token for this API in the header Authorization: Bearer.".to_owned()
            }
            Self::Token(refusal) => format!("The access token was refused: {refusal}."),
            Self::UnknownTenant(tenant) => {
                format!("This API does not exist in the tenant {tenant} of the token.")
            }
            Self::Ended(challenge) => challenge.message().to_owned(),
            Self::Forbidden { needed, app_only: false } => {
                format!("The access token lacks the scope {needed}.")
            }
            Self::Forbidden { needed, app_only: true } => {
                format!("The access token lacks the role {needed}.")
            }
            Self::Problem(problem) => problem.message.clone(),
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Token(BearerRefusal::KeysUnavailable) => "ServiceUnavailable",
            Self::Token(_) | Self::UnknownTenant(_) | Self::Ended(_) => "InvalidAuthenticationToken",
            Self::Forbidden { .. } => "InsufficientScope",
            Self::Problem(problem) => problem.code,
        }
    }

    /// Returns the response: an error body, and a challenge that names the authorization endpoint.
    pub(crate) fn answer(&self, challenge: &Challenge) -> Response {
        if let Self::Ended(challenge) = self {
            return challenge.answer();
        }
        let problem = match self {
            Self::Problem(problem) => problem.clone(),
            _ => Problem::new(self.status(), self.code(), self.message()),
        };
        let mut response = problem.into_response();
        let headers = response.headers_mut();
        match self {
            Self::Token(BearerRefusal::KeysUnavailable) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::Token(refusal) => {
                headers.insert(WWW_AUTHENTICATE, refusal.www_authenticate(challenge));
            }
            Self::UnknownTenant(_) => {
                let challenge = challenge.clone().with_error("invalid_token", &self.message());
                headers.insert(WWW_AUTHENTICATE, challenge.to_header_value());
            }
            Self::Forbidden { needed, .. } => {
                let challenge =
                    challenge.clone().with_error("insufficient_scope", &self.message()).with_scope(needed);
                headers.insert(WWW_AUTHENTICATE, challenge.to_header_value());
            }
            Self::Ended(_) | Self::Problem(_) => {}
        }
        response
    }

    /// The security event that revoked the token, and when that happened (virtual time).
    pub(crate) fn revoked_by(&self) -> Option<(String, Instant)> {
        match self {
            Self::Ended(challenge) => Some((challenge.ended.event.clone(), challenge.ended.at)),
            _ => None,
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}
