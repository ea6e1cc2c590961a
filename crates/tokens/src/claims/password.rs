//! What tokens tell of a password that is about to expire ("Optional claims reference").

use outlive_clock::Instant;
use serde::Serialize;

use super::backdated;

/// A password that expires soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiringPassword {
    /// When (virtual time).
    pub at: Instant,
    /// Where it can be changed.
    pub url: String,
}

/// The claims that say so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PasswordClaims {
    /// How many seconds after `iat` it expires. Another document has an instant here; this is the later one's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pwd_exp: Option<i64>,
    /// Where it can be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pwd_url: Option<String>,
}

impl PasswordClaims {
    /// What a token issued at this instant says.
    pub(super) fn of(password: &ExpiringPassword, issued_at: Instant) -> Self {
        Self {
            pwd_exp: Some(password.at.as_seconds() - backdated(issued_at)),
            pwd_url: Some(password.url.clone()),
        }
    }
}
