//! Whether a second factor is needed and was given, and which codes of an authenticator count (RFC 6238, section 5.2).

use serde::{Deserialize, Serialize};

use crate::aadsts::{self, Aadsts};
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;

/// The method that says, in the `amr` of a sign-in, that there was a second factor.
pub const AMR: &str = "mfa";

/// What is known of the second factor of a sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorFacts {
    /// Whether the tenant, the user or the application requires one now.
    pub required: bool,
    /// Whether there was one when the user signed in.
    pub done: bool,
    /// Whether the user has registered one.
    pub registered: bool,
}

impl SecondFactorFacts {
    /// Whether one has to be given before anything is.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        self.required && !self.done
    }

    /// With which code it is asked for where nobody can be asked: a user who has none has to register one first.
    #[must_use]
    pub const fn code(&self) -> Option<Aadsts> {
        match (self.is_missing(), self.registered) {
            (false, _) => None,
            (true, true) => Some(aadsts::MFA_REQUIRED),
            (true, false) => Some(aadsts::MFA_NOT_REGISTERED),
        }
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let rule = if self.registered { Rule::SecondFactorMissing } else { Rule::SecondFactorNotRegistered };
        self.code().map(|code| {
            Refusal::new(rule, Some(code), Source::ERROR_CODES)
                .fact("second_factor_required", self.required)
                .fact("second_factor_done", self.done)
                .fact("second_factor_registered", self.registered)
        })
    }
}

/// Whether an authenticator's code of the time step `step` counts, when `last_step` was the step of the last code that did:
/// a code works once, and none from before it works after it.
#[must_use]
pub const fn is_fresh(step: u64, last_step: u64) -> bool {
    step > last_step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_factor_is_missing_only_where_it_is_required_and_was_not_given() {
        let facts = |required, done, registered| SecondFactorFacts { required, done, registered };
        for registered in [false, true] {
            assert_eq!(facts(false, false, registered).code(), None);
            assert_eq!(facts(false, true, registered).code(), None);
            assert_eq!(facts(true, true, registered).code(), None);
        }
        assert_eq!(facts(true, false, true).code(), Some(aadsts::MFA_REQUIRED));
        assert_eq!(facts(true, false, false).code(), Some(aadsts::MFA_NOT_REGISTERED));
    }

    #[test]
    fn a_code_counts_once_and_only_forward() {
        assert!(is_fresh(1, 0) && is_fresh(8, 7));
        assert!(!is_fresh(7, 7) && !is_fresh(6, 7));
    }
}
