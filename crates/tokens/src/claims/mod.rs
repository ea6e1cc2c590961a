//! Token claims as types, built by pure functions from plain values.
//!
//! A claim is present only when it has a value. `iat` and `nbf` are 300 s before the issue instant,
//! as in Entra's tokens, so that a receiver whose clock is slightly behind accepts them.

mod access_token;
mod id_token;
mod password;
mod user_claims;

pub use access_token::{AccessSubject, AccessTokenClaims, AccessTokenInput, ClientAuthentication};
pub use id_token::{IdTokenClaims, IdTokenInput};
pub use password::{ExpiringPassword, PasswordClaims};
pub use user_claims::{ClaimSource, GROUPS_MAX, GroupClaims, Groups, OptionalClaims, UserClaims};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Instant, Span, UserId};

/// How far `iat` and `nbf` precede the issue instant.
pub const BACKDATED: Span = Span::from_seconds(300);

/// The user data in tokens. A claim without a value is omitted.
#[derive(Clone, Debug)]
pub struct UserFacts {
    /// The object id (`oid`).
    pub id: UserId,
    /// The display name.
    pub name: String,
    /// The user principal name.
    pub upn: String,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The email address.
    pub email: Option<String>,
}

/// Encodes 16 random bytes as the `uti` claim: base64url, 22 characters.
#[must_use]
pub fn uti(bytes: [u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn backdated(issued_at: Instant) -> i64 {
    (issued_at - BACKDATED).as_seconds()
}

fn some_unless_empty(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}
