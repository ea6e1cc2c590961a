//! Whether something that happened cuts a credential off: the one reading of the table that decides.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts::{self, Aadsts};
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::verdict::Fact;
use crate::{Credential, Event, Fate, RevocationEvents, Ruleset, UserFacts};

/// The cell of the table that ended a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// What happened (the latest of the events that reach this credential).
    pub event: Event,
    /// When (virtual time).
    pub at: Instant,
    /// The column it met.
    pub credential: Credential,
}

/// A credential, as far as the table is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    /// Its column.
    pub(crate) credential: Credential,
    /// When the grant was made: of a refresh token, when its family began. Later replacements prove nothing new about
    /// the person, and each was checked when it was made.
    pub(crate) granted_at: Instant,
    /// The instant of the artefact in hand, which texts report when it, too, lies before the cut-off.
    pub(crate) issued_at: Instant,
    /// When the browser session it came from was signed out, if it was.
    pub(crate) signed_out_at: Option<Instant>,
}

/// The instant before which nothing granted counts any more. Cut-offs have whole-second resolution: what was granted
/// within the second of the event survives it.
#[must_use]
pub fn cut_off(event_at: Instant) -> Instant {
    event_at.whole_second()
}

/// How Entra's texts write the instant of a grant: UTC with seven decimals. A cut-off, being whole, ends `.0000000Z`.
#[must_use]
pub fn entra_instant(at: Instant) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%7fZ")
}

/// The latest event that ended this credential, if one did.
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

/// Refuses what an event cut off, with both instants in the words the error texts use.
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

/// Refuses what was granted before the account was disabled, where the tenant's switch says that this ends it for good.
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

/// What happened since the grant and did not end it: the heart of the matter when a token outlives a password.
pub(crate) fn outlived(holding: &Holding, events: &RevocationEvents) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (event, at) in events.latest_first() {
        if holding.granted_at < cut_off(at) {
            facts.push(Fact::new("outlived", format!("{event} at {at}")));
        } else if at.whole_second() == holding.granted_at.whole_second() {
            facts.push(Fact::new("same_second", format!("{event} at {at}")));
        }
    }
    facts
}
