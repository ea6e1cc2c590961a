//! Revocation by events: the only place that evaluates the table.

use outlive_clock::Instant;

use crate::aadsts::{self, Aadsts};
use crate::fact::Fact;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::{Credential, Event, Fate, Revocation, RevocationEvents, Ruleset, UserFacts};

/// The attributes of a credential that matter for the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    /// The column.
    pub(crate) credential: Credential,
    /// When the grant was made: for a refresh token, the start of its family, because replacements
    /// involve no new authentication.
    pub(crate) granted_at: Instant,
    /// When this artifact was issued; error texts report it if it also precedes the cutoff.
    pub(crate) issued_at: Instant,
    /// When its browser session was signed out, if it was.
    pub(crate) signed_out_at: Option<Instant>,
}

/// The revocation cutoff of an event, before which grants are void. It has a resolution of one
/// second: a grant within the second of the event survives.
#[must_use]
pub fn cut_off(event_at: Instant) -> Instant {
    event_at.whole_second()
}

/// Formats an instant as in Entra's error texts: UTC with seven decimals.
#[must_use]
pub fn entra_instant(at: Instant) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%7fZ")
}

/// Returns the latest event that revoked this credential, if any.
pub(crate) fn revocation(
    holding: &Holding,
    events: &RevocationEvents,
    rules: &Ruleset,
) -> Option<Revocation> {
    let of_user = events
        .latest_first()
        .into_iter()
        .filter(|(_, at)| holding.granted_at < cut_off(*at))
        .find(|(event, _)| rules.fate(*event, holding.credential) == Fate::Revoked);
    let of_session = holding
        .signed_out_at
        .map(|at| (Event::SingleSignOut, at))
        .filter(|(event, _)| rules.fate(*event, holding.credential) == Fate::Revoked);
    of_user.into_iter().chain(of_session).max_by_key(|(_, at)| *at).map(|(event, at)| Revocation {
        event,
        at,
        credential: holding.credential,
    })
}

/// Refuses a credential that an event revoked, with both instants for the error text.
pub(crate) fn cut_offs(
    holding: &Holding,
    user: &UserFacts,
    rules: &Ruleset,
    code: Aadsts,
) -> Option<Refusal> {
    let Some(found) = revocation(holding, &user.events, rules) else {
        return disabled_meanwhile(holding, user, rules, code);
    };
    let valid_from = cut_off(found.at);
    let granted_at = if holding.issued_at < valid_from { holding.issued_at } else { holding.granted_at };
    let rule =
        if found.event == Event::SingleSignOut { Rule::SessionSignedOut } else { Rule::RevokedByEvent };
    let code = if rule == Rule::SessionSignedOut && code == aadsts::SESSION_REVOKED {
        aadsts::NO_SESSION
    } else {
        code
    };
    Some(
        Refusal::new(rule, Some(code), Source::table(rules.edition()))
            .fact("granted_at", granted_at)
            .fact("event", found.event)
            .fact("event_at", found.at)
            .fact("tokens_valid_from", valid_from)
            .fact("column", found.credential)
            .param("issued", entra_instant(granted_at))
            .param("valid_from", entra_instant(valid_from))
            .revoked_by(found),
    )
}

/// Refuses grants from before the account was disabled, if the tenant's switch `disable_revokes` is
/// set.
fn disabled_meanwhile(holding: &Holding, user: &UserFacts, rules: &Ruleset, code: Aadsts) -> Option<Refusal> {
    let at = user.disabled_at.filter(|_| rules.switches().disable_revokes)?;
    let valid_from = cut_off(at);
    (holding.granted_at < valid_from).then(|| {
        Refusal::new(Rule::DisabledMeanwhile, Some(code), Source::REVOKE_ACCESS)
            .fact("granted_at", holding.granted_at)
            .fact("disabled_at", at)
            .param("issued", entra_instant(holding.granted_at))
            .param("valid_from", entra_instant(valid_from))
    })
}

/// Returns the events since the grant that did not revoke it.
pub(crate) fn outlived(holding: &Holding, events: &RevocationEvents) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (event, at) in events.latest_first() {
        if holding.granted_at < cut_off(at) {
            facts.push(Fact::new("outlived", (event, at)));
        } else if at.whole_second() == holding.granted_at.whole_second() {
            facts.push(Fact::new("same_second", (event, at)));
        }
    }
    facts
}
