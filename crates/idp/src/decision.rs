//! A question that was asked of the rules, with their answer. The journal keeps both, so that whoever reads it can ask again with
//! a fact changed.

use outlive_clock::Instant;
use outlive_rules::{Presented, Question, Ruleset, UserFacts, Verdict};

use crate::directory::User;
use crate::refusal::Refusal;

/// What was asked, and what the rules said.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) question: Question,
    pub(crate) verdict: Verdict,
}

impl Decision {
    /// Asks whether what is presented works at virtual instant `at`, for a user whom the directory may not know.
    pub(crate) fn on(presented: Presented, user: Option<&User>, rules: &Ruleset, at: Instant) -> Self {
        let user = user.map_or_else(UserFacts::unknown, User::facts);
        let question = Question { presented, user, rules: rules.clone(), at };
        Self { verdict: question.decide(), question }
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.verdict.is_accepted()
    }

    /// The refusal that it is, if it is one.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        Refusal::of_decision(self)
    }
}
