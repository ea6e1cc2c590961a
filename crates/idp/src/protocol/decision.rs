//! The facts of an evaluation and its verdict. The journal records both, so that readers can
//! evaluate a changed fact.

use outlive_clock::Instant;
use outlive_rules::{Presented, Question, Ruleset, UserFacts, Verdict};

/// The evaluated facts and the verdict.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) question: Question,
    pub(crate) verdict: Verdict,
}

impl Decision {
    /// Evaluates a credential at virtual instant `at`. `user` is `None` if the directory has no
    /// such user.
    pub(crate) fn on(presented: Presented, user: Option<UserFacts>, rules: &Ruleset, at: Instant) -> Self {
        let user = user.unwrap_or_else(UserFacts::unknown);
        let question = Question { presented, user, rules: rules.clone(), at };
        Self { verdict: question.decide(), question }
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.verdict.is_accepted()
    }
}
