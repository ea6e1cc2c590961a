//! The record of a step while it runs.

use crate::scenario::result::Check;

/// Collects what happened in a step, the reasons and the checks.
#[derive(Default)]
pub(super) struct StepRecorder {
    pub(super) narration: Vec<String>,
    pub(super) why: Vec<String>,
    pub(super) checks: Vec<Check>,
}

impl StepRecorder {
    /// Records something that happened.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.narration.push(text.into());
    }

    /// Records the reason of a decision, once.
    pub(super) fn explain(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.why.contains(&text) {
            self.why.push(text);
        }
    }

    /// Records a comparison.
    pub(super) fn check(&mut self, check: Check) {
        self.checks.push(check);
    }

    pub(super) fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}
