//! Decides how a run ends (reference §6.2). An unhandled failure makes it `Failed`; a failure is
//! handled if a later action ran after it and succeeded.

use outlive_clock::Instant;

use super::state::{ActionRecord, Failure, RunState};
use crate::definition::{Action, Definition, Scope};
use crate::status::{ActionStatus, RunStatus};

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// `Succeeded`, `Failed` or `TimedOut`.
    pub status: RunStatus,
    /// The error, if it did not succeed.
    pub error: Option<Failure>,
}

pub(super) fn of(definition: &Definition, state: &RunState) -> Ending {
    if has_unhandled_failure(definition, state, |action| action.scope == Scope::Flow) {
        Ending { status: RunStatus::Failed, error: Some(Failure::action_failed()) }
    } else {
        Ending { status: RunStatus::Succeeded, error: None }
    }
}

/// Ends all unfinished actions, because the run has exceeded its maximum duration.
pub(super) fn timed_out(definition: &Definition, state: &mut RunState, now: Instant) -> Ending {
    let why = Failure::new("WorkflowRunTimedOut", "The run took longer than the 30 days a run may last.");
    for (place, action) in definition.actions.iter().enumerate() {
        match &mut state.actions[place] {
            Some(record) if !record.status.is_final() => {
                record.fail(why.clone());
                record.status = ActionStatus::TimedOut;
                record.retry_due = None;
                record.end = Some(now);
            }
            Some(_) => {}
            slot => *slot = Some(ActionRecord::skipped(&action.name, now, why.clone())),
        }
    }
    Ending { status: RunStatus::TimedOut, error: Some(why) }
}

/// Whether an action among those `within` failed and no later action handled the failure.
pub(super) fn has_unhandled_failure(
    definition: &Definition,
    state: &RunState,
    within: impl Fn(&Action) -> bool,
) -> bool {
    let status = |place: usize| state.status(place).unwrap_or(ActionStatus::Skipped);
    // Actions follow those that they run after, so in reverse order the later ones are known.
    let mut handled = vec![false; definition.actions.len()];
    for (place, action) in definition.actions.iter().enumerate().rev() {
        let well = status(place) == ActionStatus::Succeeded;
        for (before, wanted) in &action.run_after {
            if (well && wanted.has(status(*before))) || (!well && handled[place]) {
                handled[*before] = true;
            }
        }
    }
    definition.actions.iter().enumerate().any(|(place, action)| {
        within(action)
            && matches!(status(place), ActionStatus::Failed | ActionStatus::TimedOut)
            && !handled[place]
    })
}
