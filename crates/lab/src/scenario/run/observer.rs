//! Observes a run.

use outlive_clock::Instant;

use super::recorder::TimeObserver;
use crate::scenario::file::Scenario;
use crate::scenario::result::StepResult;

/// Receives the progress of a scenario.
pub trait Observer: TimeObserver {
    fn scenario_started(&self, scenario: &Scenario);
    fn step_finished(&self, step: &StepResult);
    /// The scenario has passed, and its variant runs.
    fn variant_started(&self) {}
    /// Whether to continue with the next step. Steps not run because of `false` are errors in the
    /// result.
    fn should_continue(&self) -> bool {
        true
    }
}

/// An observer that ignores everything.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn scenario_started(&self, _: &Scenario) {}
    fn step_finished(&self, _: &StepResult) {}
}

impl TimeObserver for Silent {
    fn time_moved(&self, _: Instant, _: Instant, _: Instant) {}
    fn time_stopped(&self) {}
}
