//! The requirements of Conditional Access for one use of a credential, as facts.

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::cut_off::entra_instant;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;

/// The tolerance of the sign-in frequency ("Conditional Access adaptive session lifetime policies":
/// five minutes, so that no user is prompted twice in a row).
pub const FREQUENCY_TOLERANCE: Span = Span::from_minutes(5);

/// The requirements of the policies in force, except MFA, which is in
/// [`SecondFactorFacts`](crate::SecondFactorFacts) with every other reason for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessFacts {
    /// The name of the blocking policy, if any.
    pub blocked_by: Option<String>,
    /// The maximum age of a sign-in. Zero requires a sign-in every time.
    pub sign_in_frequency: Option<Span>,
    /// When the user last signed in interactively (virtual), if known.
    pub authenticated_at: Option<Instant>,
}

impl AccessFacts {
    pub(crate) fn block(&self) -> Option<Refusal> {
        self.blocked_by.as_ref().map(|policy| {
            Refusal::new(Rule::BlockedByPolicy, Some(aadsts::BLOCKED_BY_POLICY), Source::CONDITIONAL_ACCESS)
                .fact("policy", policy)
        })
    }

    /// When the sign-in gets too old (virtual), if it ever does.
    #[must_use]
    pub fn sign_in_good_until(&self) -> Option<Instant> {
        let (every, since) = (self.sign_in_frequency?, self.authenticated_at?);
        Some(since + every + FREQUENCY_TOLERANCE)
    }

    pub(crate) fn frequency(&self, now: Instant) -> Option<Refusal> {
        let (every, since, until) =
            (self.sign_in_frequency?, self.authenticated_at?, self.sign_in_good_until()?);
        (now >= until).then(|| {
            Refusal::new(Rule::SignInTooOld, Some(aadsts::SIGN_IN_FREQUENCY), Source::SIGN_IN_FREQUENCY)
                .fact("authenticated_at", since)
                .fact("sign_in_frequency", every)
                .fact("good_until", until)
                .param("issued", entra_instant(since))
                .param("lifetime", every.as_seconds())
        })
    }
}
