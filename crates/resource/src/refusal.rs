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
    /// User name and password are missing or wrong.
    Password(PasswordRefusal),
    /// The API key is missing or wrong.
    Key(KeyRefusal),
    /// The client certificate is missing, not registered or not valid.
    Certificate(CertificateRefusal),
    /// Any other error, such as an unavailable database.
    Problem(Problem),
}

/// Why a user name and password were rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordRefusal {
    /// The request has none.
    #[error("Send user name and password in the header Authorization: Basic")]
    Missing,
    /// They are not base64 of `name:password`, or too long.
    #[error("The header Authorization: Basic is malformed")]
    Malformed,
    /// No tenant has the domain of the user name.
    #[error("The user name or password is wrong")]
    UnknownDomain,
    /// The directory rejected them with this error, for example `AADSTS50126`.
    #[error("The user name or password was rejected by the directory ({0})")]
    Rejected(String),
    /// The directory could not be asked.
    #[error("The directory cannot be reached; try again")]
    Unavailable,
}

/// Why an API key was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyRefusal {
    /// The request has none.
    #[error("Send a key of this API in the header X-Api-Key or in the query parameter api_key")]
    Missing,
    /// The request has more than one.
    #[error("The request has more than one API key")]
    Several,
    /// There is no such key.
    #[error("The API key is not known, or was replaced")]
    Unknown,
}

/// Why a client certificate was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CertificateRefusal {
    /// The connection has none, or is not TLS.
    #[error(
        "A client certificate is required. Connect by https, and present one that is registered for this API"
    )]
    Missing,
    /// It is not registered.
    #[error("The client certificate is not registered for this API")]
    Unknown,
    /// It is not valid before this instant (virtual time).
    #[error("The client certificate is not valid before {0}")]
    NotYetValid(Instant),
    /// It was not valid after this instant (virtual time).
    #[error("The client certificate expired at {0}")]
    Expired(Instant),
}

impl Refusal {
    /// The reason in journal events.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Token(refusal) => refusal.code(),
            Self::UnknownTenant(_) => "unknown_tenant",
            Self::Ended(_) => "insufficient_claims",
            Self::Forbidden { .. } => "insufficient_scope",
            Self::Password(PasswordRefusal::Missing)
            | Self::Key(KeyRefusal::Missing)
            | Self::Certificate(CertificateRefusal::Missing) => "missing",
            Self::Password(PasswordRefusal::Malformed) | Self::Key(KeyRefusal::Several) => "malformed",
            Self::Password(PasswordRefusal::UnknownDomain | PasswordRefusal::Rejected(_)) => "wrong_password",
            Self::Password(PasswordRefusal::Unavailable) => "directory_unavailable",
            Self::Key(KeyRefusal::Unknown) => "unknown_key",
            Self::Certificate(CertificateRefusal::Unknown) => "unknown_certificate",
            Self::Certificate(CertificateRefusal::NotYetValid(_)) => "not_yet_valid",
            Self::Certificate(CertificateRefusal::Expired(_)) => "expired",
            Self::Problem(problem) => problem.code,
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Token(refusal) => refusal.status(),
            Self::Password(PasswordRefusal::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::UnknownTenant(_) | Self::Ended(_) | Self::Password(_) | Self::Key(_) => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden { .. } | Self::Certificate(_) => StatusCode::FORBIDDEN,
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
            Self::Password(refusal) => format!("{refusal}."),
            Self::Key(refusal) => format!("{refusal}."),
            Self::Certificate(refusal) => format!("{refusal}."),
            Self::Problem(problem) => problem.message.clone(),
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Token(BearerRefusal::KeysUnavailable) | Self::Password(PasswordRefusal::Unavailable) => {
                "ServiceUnavailable"
            }
            Self::Password(_) | Self::Key(_) => "Unauthorized",
            Self::Certificate(CertificateRefusal::Missing) => "ClientCertificateRequired",
            Self::Certificate(_) => "InvalidClientCertificate",
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
            Self::Token(BearerRefusal::KeysUnavailable) | Self::Password(PasswordRefusal::Unavailable) => {
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
            Self::Password(_) => {
                let basic = HeaderValue::from_static("Basic realm=\"Contoso Orders\", charset=\"UTF-8\"");
                headers.insert(WWW_AUTHENTICATE, basic);
            }
            Self::Key(_) => {
                let key = "ApiKey realm=\"Contoso Orders\", name=\"X-Api-Key\", type=\"header\"";
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(key));
            }
            Self::Ended(_) | Self::Certificate(_) | Self::Problem(_) => {}
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
