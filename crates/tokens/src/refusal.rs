//! Why a bearer token was not taken.

use http::{HeaderValue, StatusCode};
use outlive_clock::{Instant, TenantId};

use crate::Challenge;

/// Why a request's bearer token was refused. Its text tells the caller; it never repeats the token.
///
/// `{now}` and the token's instants are virtual time of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BearerRefusal {
    /// No token came.
    #[error("the request carries no bearer token")]
    Missing,
    /// Not a compact JWS with the claims of an access token, or longer than anything we issue.
    #[error("the token is malformed")]
    Malformed,
    /// Signed by another algorithm than RS256, or by none.
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// The issuer does not publish the key that the token names.
    #[error("the token was signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the signature of the token is not valid")]
    Signature,
    /// Issued by somebody else.
    #[error("the issuer of the token is not accepted here")]
    Issuer,
    /// Issued in another tenant than the request is about.
    #[error("the token is of another tenant than {expected}")]
    Tenant {
        /// The tenant at hand.
        expected: TenantId,
    },
    /// Meant for another resource.
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
    /// Not valid any more.
    #[error("the token expired at {exp}; it is {now}")]
    Expired {
        /// The instant at which it expired.
        exp: Instant,
        /// The tenant's time at the check.
        now: Instant,
    },
    /// The issuer's keys could not be fetched: nothing is known against the token. Callers answer 503.
    #[error("the issuer's keys cannot be fetched at the moment, so the token could not be checked")]
    KeysUnavailable,
}

impl BearerRefusal {
    /// A short name for journals: `expired`, `audience`, …
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

    /// 401, or 503 when the check itself was impossible.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// The value of `WWW-Authenticate`: `base` (realm and authorization URI) and, if a token came, `invalid_token` with what was
    /// wrong (RFC 6750 §3: without a token, no error).
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
    fn the_challenge_says_what_was_wrong() {
        let base = Challenge::new("t", "http://idp/t/oauth2/authorize");
        let expired =
            BearerRefusal::Expired { exp: Instant::from_seconds(10), now: Instant::from_seconds(20) };
        insta::assert_snapshot!(expired.www_authenticate(&base).to_str().expect("printable"), @r#"Bearer realm="t", authorization_uri="http://idp/t/oauth2/authorize", error="invalid_token", error_description="the token expired at 1970-01-01T00:00:10Z; it is 1970-01-01T00:00:20Z""#);
        insta::assert_snapshot!(BearerRefusal::Missing.www_authenticate(&base).to_str().expect("printable"), @r#"Bearer realm="t", authorization_uri="http://idp/t/oauth2/authorize""#);
        assert_eq!((expired.status().as_u16(), BearerRefusal::KeysUnavailable.status().as_u16()), (401, 503));
    }
}
