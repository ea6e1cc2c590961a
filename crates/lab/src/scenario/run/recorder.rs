//! The record of a step while it runs.

use outlive_clock::Instant;

use crate::http::Answer;
use crate::oauth_client::Tokens;
use crate::scenario::result::Check;

/// Receives the progress of time.
pub trait TimeObserver: Send + Sync {
    /// Time is being moved from `from` to `target`, and is at `now` (all in virtual time).
    fn time_moved(&self, from: Instant, now: Instant, target: Instant);
    /// Time no longer moves.
    fn time_stopped(&self);
}

/// The result of a step, from which values are captured. No `Debug`: it can contain tokens.
#[derive(Default)]
pub(in crate::scenario) struct StepOutput {
    pub(in crate::scenario) answer: Option<Answer>,
    pub(in crate::scenario) tokens: Option<Tokens>,
}

/// Collects what happened in a step, the reasons and the checks.
pub(in crate::scenario) struct StepRecorder<'a> {
    /// Receives the progress of time.
    pub(in crate::scenario) observer: &'a dyn TimeObserver,
    pub(super) narration: Vec<String>,
    pub(super) why: Vec<String>,
    pub(super) checks: Vec<Check>,
    /// The result of the step, from which values are captured.
    pub(in crate::scenario) output: StepOutput,
}

impl<'a> StepRecorder<'a> {
    pub(super) fn new(observer: &'a dyn TimeObserver) -> Self {
        let output = StepOutput::default();
        Self { observer, narration: Vec::new(), why: Vec::new(), checks: Vec::new(), output }
    }

    /// Adopts the record of the last attempt.
    pub(super) fn adopt(&mut self, attempt: Self) {
        *self = attempt;
    }

    /// Records something that happened.
    pub(in crate::scenario) fn note(&mut self, text: impl Into<String>) {
        self.narration.push(text.into());
    }

    /// Records the reason of a decision, once.
    pub(in crate::scenario) fn explain(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.why.contains(&text) {
            self.why.push(text);
        }
    }

    /// Records a comparison.
    pub(in crate::scenario) fn check(&mut self, check: Check) {
        self.checks.push(check);
    }

    pub(super) fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}
