//! Refresh tokens at an issuer that rotates strictly (RFC 9700, section 4.14.2): each is good once, and a second use ends the whole
//! family. Entra does not; a switch of the tenant makes it so, to show the difference.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::{Ruleset, aadsts};

/// What is known of the uses of a refresh token and its family. Known only where the switch is on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationFacts {
    /// When this token was used and replaced (virtual), if it was.
    pub used_at: Option<Instant>,
    /// When the family ended because one of its tokens was used twice (virtual), if it did.
    pub family_ended_at: Option<Instant>,
}

impl RotationFacts {
    /// Refuses what was used before, and what belongs to a family of which something was used twice.
    pub(crate) fn refusal(&self, rules: &Ruleset) -> Option<Refusal> {
        if !rules.switches().strict_rotation {
            return None;
        }
        let refuse = |rule| Refusal::new(rule, Some(aadsts::INVALID_GRANT), Source::STRICT_ROTATION);
        match (self.family_ended_at, self.used_at) {
            (Some(at), _) => Some(refuse(Rule::FamilyEnded).fact("family_ended_at", at)),
            (None, Some(at)) => Some(refuse(Rule::UsedBefore).fact("used_at", at)),
            (None, None) => None,
        }
    }
}
