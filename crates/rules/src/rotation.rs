//! Strict refresh token rotation (RFC 9700, section 4.14.2): each token can be used once, and a
//! second use revokes the family. Entra ID does not do this; a switch of the tenant enables it to
//! show the difference.
//!
//! The token that was replaced last can be used again for a short interval, as at vendors that
//! rotate strictly (Okta: a grace period of up to 60 s; Amazon Cognito: up to 60 s; Ory Hydra: up
//! to 5 min; Atlassian: 10 min). A client that lost the response, or crashed before storing the new
//! token, needs this.

use outlive_clock::{Instant, Span, Speed};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::{Ruleset, aadsts};

/// The uses of a refresh token and its family, recorded only if the switch is on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationFacts {
    /// When this token was used and replaced (virtual), if it was.
    pub used_at: Option<Instant>,
    /// When the family was revoked because a token was reused (virtual), if it was.
    pub family_ended_at: Option<Instant>,
    /// Until when this token can be reused (virtual), if it was replaced last.
    #[serde(default)]
    pub reusable_until: Option<Instant>,
}

/// The reuse interval of a clock that is stopped or runs in real time.
const REUSE_INTERVAL: Span = Span::from_seconds(60);

impl RotationFacts {
    /// Until when a token replaced at `used_at` can be reused: one minute of wall time, because
    /// that is what a client needs to recover.
    #[must_use]
    pub fn reusable_until(used_at: Instant, speed: Speed) -> Instant {
        used_at + REUSE_INTERVAL * i64::from(speed.factor().max(1))
    }

    /// Whether it was replaced and can still be reused at `now`.
    #[must_use]
    pub fn is_reuse(&self, now: Instant) -> bool {
        self.used_at.is_some() && self.reusable_until.is_some_and(|until| now <= until)
    }

    /// Refuses a used token, and tokens of a family in which a token was reused.
    pub(crate) fn refusal(&self, rules: &Ruleset, now: Instant) -> Option<Refusal> {
        if !rules.switches().strict_rotation {
            return None;
        }
        let refuse = |rule| Refusal::new(rule, Some(aadsts::INVALID_GRANT), Source::STRICT_ROTATION);
        match (self.family_ended_at, self.used_at) {
            (Some(at), _) => Some(refuse(Rule::FamilyEnded).fact("family_ended_at", at)),
            (None, Some(_)) if self.is_reuse(now) => None,
            (None, Some(at)) => Some(refuse(Rule::UsedBefore).fact("used_at", at)),
            (None, None) => None,
        }
    }
}
