//! Whether MFA is required and was performed, and which authenticator codes are accepted (RFC 6238,
//! section 5.2).

use serde::{Deserialize, Serialize};

use crate::aadsts::{self, Aadsts};
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;

/// The `amr` value of a sign-in with MFA.
pub const AMR: &str = "mfa";

/// The facts about MFA in a sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorFacts {
    /// Whether the tenant, the user or the application requires MFA now.
    pub required: bool,
    /// Whether the user signed in with MFA.
    pub done: bool,
    /// Whether the user has registered a method.
    pub registered: bool,
}

impl SecondFactorFacts {
    /// Whether MFA is required but was not performed.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        self.required && !self.done
    }

    /// The error of an endpoint without user interaction; a user without a method must register one
    /// first.
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

/// Whether an authenticator code of time step `step` is accepted after one of `last_step`: a code
/// works once, and earlier codes no longer work.
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
