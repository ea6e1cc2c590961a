//! Decides how a run ends (reference §6.2). An unhandled failure makes it `Failed`; a failure is
//! handled if a later action ran after it and succeeded.

use outlive_clock::{Instant, Span};

use super::place::{FLOW, FrameId, Spot};
use super::record::{ActionRecord, Failure};
use super::state::RunState;
use crate::definition::{Action, Definition};
use crate::status::{ActionStatus, RunStatus};

/// The maximum duration of a run, in virtual time (reference §6.3).
pub(crate) const RUN_LENGTH_MAX: Span = Span::from_days(30);

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// `Succeeded`, `Failed`, `Cancelled` or `TimedOut`.
    pub status: RunStatus,
    /// The error, if it did not succeed.
    pub error: Option<Failure>,
}

impl Ending {
    /// Returns the ending of a run that fails with this error, if nothing else went wrong.
    pub(super) fn or_failed(self, error: Failure) -> Self {
        if self.status == RunStatus::Succeeded {
            Self { status: RunStatus::Failed, error: Some(error) }
        } else {
            self
        }
    }
}

pub(super) fn of(definition: &Definition, state: &RunState) -> Ending {
    if has_unhandled_failure(definition, state, FLOW, |action| action.within.is_none()) {
        Ending { status: RunStatus::Failed, error: Some(Failure::action_failed()) }
    } else {
        Ending { status: RunStatus::Succeeded, error: None }
    }
}

/// Ends all unfinished actions, because the run has exceeded its maximum duration.
pub(super) fn timed_out(definition: &Definition, state: &mut RunState, now: Instant) -> Ending {
    let why = Failure::new("WorkflowRunTimedOut", "The run took longer than the 30 days a run may last.");
    end_all(definition, state, now, ActionStatus::TimedOut, &why);
    Ending { status: RunStatus::TimedOut, error: Some(why) }
}

/// Ends all unfinished actions, because the run was terminated or cancelled.
pub(crate) fn cut_short(definition: &Definition, state: &mut RunState, now: Instant) {
    let why = Failure::new("WorkflowRunCancelled", "The run ended before this action.");
    end_all(definition, state, now, ActionStatus::Cancelled, &why);
}

fn end_all(definition: &Definition, state: &mut RunState, now: Instant, status: ActionStatus, why: &Failure) {
    let frames: Vec<_> = std::iter::once(FLOW).chain(state.frames.keys().copied()).collect();
    for id in frames {
        let Some(body) = state.body_of(id) else { continue };
        let is_ended = state.frames.get(&id).is_some_and(|frame| frame.status.is_final());
        for (slot, place) in definition.members(body).iter().enumerate().filter(|_| !is_ended) {
            let at = Spot { frame: id, slot };
            match state.record_mut(at) {
                Some(record) if !record.status.is_final() => {
                    let is_subscribed = record.awaits_callback;
                    record.time_out(why.clone(), now);
                    record.status = status;
                    if let Some(iterations) = &mut record.iterations {
                        let ended = std::mem::take(&mut iterations.running);
                        iterations.recorded.extend(ended);
                    }
                    if is_subscribed {
                        state.unsubscriptions.push(at);
                    }
                }
                Some(_) => {}
                None => {
                    let name = &definition.actions[*place].name;
                    state.store(at, ActionRecord::skipped(name, now, why.clone()));
                }
            }
        }
        if let Some(frame) = state.frames.get_mut(&id).filter(|frame| !frame.status.is_final()) {
            frame.status = status;
            frame.end = Some(now);
        }
    }
}

/// Whether an action of a frame among those `within` failed and no later action handled the
/// failure.
pub(super) fn has_unhandled_failure(
    definition: &Definition,
    state: &RunState,
    frame: FrameId,
    within: impl Fn(&Action) -> bool,
) -> bool {
    let Some(body) = state.body_of(frame) else { return false };
    let members = definition.members(body);
    let status = |slot: usize| state.status(Spot { frame, slot }).unwrap_or(ActionStatus::Skipped);
    // Actions follow those that they run after, so in reverse order the later ones are known.
    let mut handled = vec![false; members.len()];
    for (slot, place) in members.iter().enumerate().rev() {
        let well = status(slot) == ActionStatus::Succeeded;
        for (before, wanted) in &definition.actions[*place].run_after {
            if (well && wanted.has(status(*before))) || (!well && handled[slot]) {
                handled[*before] = true;
            }
        }
    }
    members.iter().enumerate().any(|(slot, place)| {
        within(&definition.actions[*place])
            && matches!(status(slot), ActionStatus::Failed | ActionStatus::TimedOut)
            && !handled[slot]
    })
}
