//! Why a bearer token was rejected.

use http::{HeaderValue, StatusCode};
use outlive_clock::{Instant, TenantId};

use crate::Challenge;

/// Why a request's bearer token was rejected. The message is for the caller and never contains the
/// token.
///
/// `{now}` and the token's instants are virtual time of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerRefusal {
    /// The request carries no token.
    #[error("the request carries no bearer token")]
    Missing,
    /// Not a compact JWS with the claims of an access token, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// Not signed with RS256.
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// The issuer does not publish the key that the token names.
    #[error("the token was signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature is not valid.
    #[error("the signature of the token is not valid")]
    Signature,
    /// The issuer is not accepted.
    #[error("the issuer of the token is not accepted here")]
    Issuer,
    /// Issued in another tenant than that of the request.
    #[error("the token is of another tenant than {expected}")]
    Tenant {
        /// The tenant of the request.
        expected: TenantId,
    },
    /// Issued for another resource.
    #[error("the token is meant for another audience")]
    Audience,
    /// Not valid yet.
    #[error("the token is not valid before {nbf}; it is {now}")]
    NotYetValid {
        /// The instant from which it is valid.
        nbf: Instant,
        /// The tenant's time at the check.
        now: Instant,
    },
    /// No longer valid.
    #[error("the token expired at {exp}; it is {now}")]
    Expired {
        /// The instant at which it expired.
        exp: Instant,
        /// The tenant's time at the check.
        now: Instant,
    },
    /// The issuer's keys could not be fetched, so the token was not checked. Callers respond with
    /// 503.
    #[error("the issuer's keys cannot be fetched at the moment, so the token could not be checked")]
    KeysUnavailable,
}

impl BearerRefusal {
    /// The reason in journal events: `expired`, `audience`, …
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Tenant { .. } => "tenant",
            Self::Audience => "audience",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }

    /// 401, or 503 if the token could not be checked.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// Returns the value of `WWW-Authenticate`: `base` (realm and authorization URI) and, if the
    /// request carried a token, `invalid_token` with a description (RFC 6750 §3: no error without a
    /// token).
    #[must_use]
    pub fn www_authenticate(&self, base: &Challenge) -> HeaderValue {
        match self {
            Self::Missing | Self::KeysUnavailable => base.to_header_value(),
            _ => base.clone().with_error("invalid_token", &self.to_string()).to_header_value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_describes_the_error() {
        let base = Challenge::new("t", "http://idp/t/oauth2/authorize");
        let expired =
            BearerRefusal::Expired { exp: Instant::from_seconds(10), now: Instant::from_seconds(20) };
        insta::assert_snapshot!(expired.www_authenticate(&base).to_str().expect("printable"), @r#"Bearer realm="t", authorization_uri="http://idp/t/oauth2/authorize", error="invalid_token", error_description="the token expired at 1970-01-01T00:00:10Z; it is 1970-01-01T00:00:20Z""#);
        insta::assert_snapshot!(BearerRefusal::Missing.www_authenticate(&base).to_str().expect("printable"), @r#"Bearer realm="t", authorization_uri="http://idp/t/oauth2/authorize""#);
        assert_eq!((expired.status().as_u16(), BearerRefusal::KeysUnavailable.status().as_u16()), (401, 503));
    }
}
