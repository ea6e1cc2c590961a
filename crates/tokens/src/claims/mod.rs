//! Token claims as types, built by pure functions from plain values.
//!
//! A claim is present only when it has a value. `iat` and `nbf` are 300 s before the issue instant,
//! as in Entra's tokens, so that a receiver whose clock is slightly behind accepts them.

mod access_token;
mod claim_values;
mod id_token;
mod password;
mod user_claims;

pub use access_token::{AccessSubject, AccessTokenClaims, AccessTokenInput, ClientAuthentication};
pub use claim_values::{BACKDATED, uti};
pub use id_token::{IdTokenClaims, IdTokenInput};
pub use password::{ExpiringPassword, PasswordClaims};
pub use user_claims::{ClaimSource, GROUPS_MAX, GroupClaims, Groups, OptionalClaims, UserClaims, UserFacts};
