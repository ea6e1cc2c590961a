//! Whether an access token still opens a resource that does not evaluate continuously: only time decides.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::verdict::{Artefact, Fact, Verdict};
use crate::{RevocationEvents, Ruleset};

/// What an access token says of its own time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenFacts {
    /// When it begins to work (virtual; the `nbf` claim).
    pub valid_from: Instant,
    /// When it stops (virtual; the `exp` claim). At that instant it no longer works.
    pub expires_at: Instant,
}

/// Whether the token opens a resource at `now` (virtual).
///
/// Such a token cannot be revoked: what happened to its user changes nothing, and is listed only so that the verdict can
/// say so.
#[must_use]
pub fn decide(token: &AccessTokenFacts, events: &RevocationEvents, rules: &Ruleset, now: Instant) -> Verdict {
    let refuse = |rule| Refusal::new(rule, None, Source::ACCESS_TOKEN_LIFETIME);
    if now < token.valid_from {
        let refusal = refuse(Rule::AccessTokenNotYetValid).fact("valid_from", token.valid_from);
        return Verdict::refused(Artefact::AccessToken, rules, now, refusal);
    }
    if now >= token.expires_at {
        let refusal = refuse(Rule::AccessTokenExpired).fact("good_until", token.expires_at);
        return Verdict::refused(Artefact::AccessToken, rules, now, refusal);
    }
    let mut facts =
        vec![Fact::new("granted_at", token.valid_from), Fact::new("good_until", token.expires_at)];
    let since = events.latest_first().into_iter().filter(|(_, at)| token.valid_from < *at);
    facts.extend(since.map(|(event, at)| Fact::new("outlived", format!("{event} at {at}"))));
    Verdict::accepted(Artefact::AccessToken, Source::ACCESS_TOKEN_LIFETIME, rules, now, facts)
}
