//! The claims about a password that is about to expire ("Optional claims reference").

use outlive_clock::Instant;
use serde::Serialize;

use super::claim_values::backdated;

/// A password that expires soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiringPassword {
    /// When it expires (virtual time).
    pub at: Instant,
    /// The page on which the user can change it.
    pub url: String,
}

/// The claims `pwd_exp` and `pwd_url`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PasswordClaims {
    /// Seconds from `iat` until it expires. An older document defines this as an instant; this
    /// follows the newer one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pwd_exp: Option<i64>,
    /// The page on which the user can change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pwd_url: Option<String>,
}

impl PasswordClaims {
    /// The claims in a token issued at `issued_at`.
    pub(super) fn of(password: &ExpiringPassword, issued_at: Instant) -> Self {
        Self {
            pwd_exp: Some(password.at.as_seconds() - backdated(issued_at)),
            pwd_url: Some(password.url.clone()),
        }
    }
}
