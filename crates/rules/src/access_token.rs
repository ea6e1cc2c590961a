//! Whether an access token still opens a resource: at one that does not evaluate access
//! continuously only time decides, at one that does what happened to the user, too.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::cut_off::cut_off;
use crate::fact::Fact;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::verdict::{Artefact, Verdict};
use crate::{Event, Ruleset, UserFacts};

/// What is known of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenFacts {
    /// When it was issued, and begins to work (virtual).
    pub valid_from: Instant,
    /// When it stops (virtual; the `exp` claim). At that instant it no longer works.
    pub expires_at: Instant,
    /// Whether its resource evaluates access continuously and its client can be challenged
    /// (`xms_cc` is `cp1`). It then lives for a day, and critical events end it ("Continuous access
    /// evaluation").
    #[serde(default)]
    pub evaluated: bool,
}

/// The event that revoked an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CriticalEvent {
    /// What happened, as a clause: "the user changed the password".
    pub clause: &'static str,
    /// When it happened (virtual), if known.
    pub at: Option<Instant>,
}

/// Decides whether the resource accepts the token at `now` (virtual).
///
/// Without continuous access evaluation the token cannot be revoked: events of the user are only
/// listed as facts.
#[must_use]
pub fn decide(token: &AccessTokenFacts, user: &UserFacts, rules: &Ruleset, now: Instant) -> Verdict {
    let refused = |refusal| Verdict::refused(Artefact::AccessToken, rules, now, refusal);
    let of_time = |rule| Refusal::new(rule, None, Source::ACCESS_TOKEN_LIFETIME);
    if now < token.valid_from {
        return refused(of_time(Rule::AccessTokenNotYetValid).fact("valid_from", token.valid_from));
    }
    if now >= token.expires_at {
        return refused(of_time(Rule::AccessTokenExpired).fact("good_until", token.expires_at));
    }
    if let Some(CriticalEvent { clause, at }) = ended_by(token, user) {
        let happened = at.map_or_else(|| clause.to_owned(), |at| format!("on {at} {clause}"));
        let refusal = Refusal::new(Rule::CriticalEvent, None, Source::CONTINUOUS_ACCESS_EVALUATION);
        return refused(refusal.fact("granted_at", token.valid_from).fact("happened", happened));
    }
    let mut facts = vec![
        Fact::new("granted_at", token.valid_from),
        Fact::new("good_until", token.expires_at),
        Fact::new("evaluated", token.evaluated),
    ];
    let since = user.events.latest_first().into_iter().filter(|(_, at)| token.valid_from < *at);
    facts.extend(since.map(|(event, at)| Fact::new("outlived", (event, at))));
    let source =
        if token.evaluated { Source::CONTINUOUS_ACCESS_EVALUATION } else { Source::ACCESS_TOKEN_LIFETIME };
    Verdict::accepted(Artefact::AccessToken, source, rules, now, facts)
}

/// The latest critical event since the token was issued, if the token is CAE-enabled: the account
/// was deleted or disabled, the password was changed or reset, the sessions were revoked, or MFA
/// was newly required. The expiry of a password is not a critical event.
///
/// A critical event revokes the token permanently: a user who is enabled or restored gets a new
/// one.
#[must_use]
pub fn ended_by(token: &AccessTokenFacts, user: &UserFacts) -> Option<CriticalEvent> {
    if !token.evaluated {
        return None;
    }
    let deleted = CriticalEvent { clause: "the user was deleted", at: user.deleted_at };
    if !user.known || user.deleted {
        return Some(deleted);
    }
    let disabled = CriticalEvent { clause: "the account was disabled", at: user.disabled_at };
    if !user.enabled {
        return Some(disabled);
    }
    let clause = "a second factor was required of the user from then on";
    let second_factor = CriticalEvent { clause, at: user.second_factor_required_at };
    let is_critical = |event: &Event| !matches!(event, Event::PasswordExpires | Event::SingleSignOut);
    let events = user.events.latest_first().into_iter().filter(|(event, _)| is_critical(event));
    events
        .map(|(event, at)| CriticalEvent { clause: event.clause(), at: Some(at) })
        .chain([deleted, disabled, second_factor])
        .filter(|event| event.at.is_some_and(|at| token.valid_from < cut_off(at)))
        .max_by_key(|event| event.at)
}
