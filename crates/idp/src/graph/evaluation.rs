//! Graph evaluates access continuously ("Continuous access evaluation"): it need not be told what happened to a user, it looks.

use outlive_clock::Instant;
use outlive_rules::{Event, cut_off};
use outlive_tokens::AccessClaims;
use outlive_tokens::claims::BACKDATED;

use crate::directory::User;

/// Whether something ended this token before its time. A token whose client cannot be asked for another works until it expires; so
/// does one of an application by itself.
pub(super) fn is_ended(claims: &AccessClaims, user: Option<&User>) -> bool {
    let can_be_challenged = claims.xms_cc.iter().any(|capability| capability.eq_ignore_ascii_case("cp1"));
    if claims.is_app_only() || !can_be_challenged {
        return false;
    }
    // Of a user who is gone for good nobody knows what happened; who is disabled or deleted gets no further with any token.
    let Some(user) = user.filter(|user| user.enabled && user.deleted_at.is_none()) else { return true };
    latest(user).is_some_and(|at| claims.iat + BACKDATED < cut_off(at))
}

/// When the latest critical event happened. That a password expires is none.
fn latest(user: &User) -> Option<Instant> {
    let events = user.revocations.latest_first();
    let critical = |event: &Event| !matches!(event, Event::PasswordExpires | Event::SingleSignOut);
    events.into_iter().find(|(event, _)| critical(event)).map(|(_, at)| at)
}
