//! Graph evaluates access continuously ("Continuous access evaluation"): it need not be told what happened to a user, it looks.

use outlive_rules::{AccessTokenFacts, UserFacts, access_token};
use outlive_tokens::AccessClaims;
use outlive_tokens::claims::BACKDATED;

use crate::directory::User;

/// Whether something ended this token before its time. A token whose client cannot be asked for another works until it expires; so
/// does one of an application by itself.
pub(super) fn is_ended(claims: &AccessClaims, user: Option<&User>) -> bool {
    let can_be_challenged = claims.xms_cc.iter().any(|capability| capability.eq_ignore_ascii_case("cp1"));
    let token = AccessTokenFacts {
        valid_from: claims.iat + BACKDATED,
        expires_at: claims.exp,
        evaluated: can_be_challenged && !claims.is_app_only(),
    };
    access_token::ended_by(&token, &user.map_or_else(UserFacts::unknown, User::facts)).is_some()
}
