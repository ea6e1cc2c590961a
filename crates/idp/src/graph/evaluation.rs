//! Continuous access evaluation in Graph ("Continuous access evaluation"). It reads the user's
//! state and needs no events.

use outlive_rules::{AccessTokenFacts, UserFacts, access_token};
use outlive_tokens::AccessClaims;
use outlive_tokens::claims::BACKDATED;

use crate::directory::User;

/// Returns whether an event has revoked this token. Tokens of clients that are not CAE-capable and
/// app-only tokens remain valid until they expire.
pub(super) fn is_ended(claims: &AccessClaims, user: Option<&User>) -> bool {
    let token = AccessTokenFacts {
        valid_from: claims.iat + BACKDATED,
        expires_at: claims.exp,
        evaluated: claims.can_be_challenged() && !claims.is_app_only(),
    };
    access_token::ended_by(&token, &user.map_or_else(UserFacts::unknown, User::facts)).is_some()
}
