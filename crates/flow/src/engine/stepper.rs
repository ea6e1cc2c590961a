//! Steps through the actions of a frame.

use outlive_clock::Instant;

use super::context::Context;
use super::ending::{self, Ending};
use super::facts::View;
use super::inputs::CallInputs;
use super::place::{FrameId, Spot};
use super::record::{ActionRecord, Failure};
use super::state::RunState;
use crate::definition::{Action, Definition};
use crate::status::ActionStatus;

/// The maximum number of actions and iterations of a run: the number that the platform executes
/// in five minutes (reference §6.3).
pub(super) const ACTIONS_PER_RUN_MAX: u64 = 100_000;

/// The number of actions after which other work gets a turn.
pub(super) const ACTIONS_PER_TURN: u32 = 2_000;

/// The number of bytes that count as an action when expressions produce and read them.
const SPENT_PER_ACTION: usize = 64 << 10;

pub(super) enum Step<'d> {
    Idle,
    Progress,
    Wait(Instant),
    Pause,
    Call(Spot, CallInputs<'d>),
    /// A `Terminate` ends the run.
    End(Ending),
}

pub(super) struct Engine<'d, 's> {
    pub(super) definition: &'d Definition,
    pub(super) state: &'s mut RunState,
    pub(super) context: &'s Context<'s>,
    /// The number of actions that may still be started in this turn.
    pub(super) left: u32,
}

impl<'d> Engine<'d, '_> {
    pub(super) const fn now(&self) -> Instant {
        self.context.now
    }

    pub(super) fn view(&self, frame: FrameId) -> View<'_> {
        View::new(self.definition, self.state, self.context, frame)
    }

    pub(super) fn action(&self, at: Spot) -> Option<&'d Action> {
        let place = self.definition.members(self.state.body_of(at.frame)?).get(at.slot)?;
        self.definition.actions.get(*place)
    }

    /// Does everything that is possible in a frame. Returns `Idle` if all its actions have ended.
    pub(super) fn run_frame(&mut self, frame: FrameId) -> Step<'d> {
        let actions = self.state.records(frame).len();
        loop {
            let mut progress = false;
            let mut wait: Option<Instant> = None;
            for slot in 0..actions {
                match self.step(Spot { frame, slot }) {
                    Step::Idle => {}
                    Step::Progress => progress = true,
                    Step::Wait(due) => wait = Some(wait.map_or(due, |earlier| earlier.min(due))),
                    other => return other,
                }
            }
            if !progress {
                return wait.map_or(Step::Idle, Step::Wait);
            }
        }
    }

    fn step(&mut self, at: Spot) -> Step<'d> {
        let Some(action) = self.action(at) else { return Step::Idle };
        match self.state.status(at) {
            Some(status) if status.is_final() => Step::Idle,
            Some(ActionStatus::Waiting) => self.waiting(at, action),
            Some(_) if action.kind.is_loop() => self.repeat(at, action),
            Some(_) if action.kind.is_container() => self.contain(at),
            // A call whose outcome is not recorded is repeated.
            Some(_) => self.call_again(at, action),
            None => match readiness(self.definition, self.state, at, action) {
                Readiness::Pending => Step::Idle,
                Readiness::Skip(why) => {
                    let record = ActionRecord::skipped(&action.name, self.now(), why);
                    self.state.store(at, record);
                    Step::Progress
                }
                Readiness::Ready if self.left == 0 => Step::Pause,
                Readiness::Ready => {
                    self.left -= 1;
                    self.state.executed += 1;
                    self.context.spent.set(0);
                    let step = self.begin(at, action);
                    self.track(at, action);
                    let spent = self.context.spent.get() / SPENT_PER_ACTION;
                    self.state.executed += u64::try_from(spent).unwrap_or(u64::MAX);
                    self.left = self.left.saturating_sub(u32::try_from(spent).unwrap_or(u32::MAX));
                    step
                }
            },
        }
    }

    /// An action that waits: for a retry, or for an instant.
    fn waiting(&mut self, at: Spot, action: &'d Action) -> Step<'d> {
        let now = self.now();
        let Some(record) = self.state.record_mut(at) else { return Step::Idle };
        match (record.wait_until, record.retry_due) {
            (Some(due), _) | (None, Some(due)) if due > now => Step::Wait(due),
            (Some(_), _) if record.awaits_callback => {
                record.time_out(timed_out(&action.name), now);
                self.state.unsubscriptions.push(at);
                self.track(at, action);
                Step::Progress
            }
            (Some(_), _) => {
                record.wait_until = None;
                let timeout = action.settings.timeout.map(|timeout| record.start + timeout);
                if timeout.is_some_and(|timeout| timeout <= now) {
                    record.time_out(timed_out(&action.name), now);
                } else {
                    record.end(Ok(None), now);
                }
                self.track(at, action);
                Step::Progress
            }
            (None, _) => {
                let timeout = action.settings.timeout.map(|timeout| record.start + timeout);
                if record.location.is_some() && timeout.is_some_and(|timeout| timeout <= now) {
                    record.time_out(timed_out(&action.name), now);
                    self.track(at, action);
                    return Step::Progress;
                }
                self.call_again(at, action)
            }
        }
    }

    /// Ends a scope, condition or switch whose actions have ended.
    fn contain(&mut self, at: Spot) -> Step<'d> {
        let now = self.now();
        let Some(body) = self.state.body_of(at.frame) else { return Step::Idle };
        let is_inside = |action: &Action| action.within.is_some_and(|(parent, _)| parent == at.slot);
        let places = self.definition.members(body);
        let mut inside = places.iter().map(|place| &self.definition.actions[*place]).filter(|a| is_inside(a));
        let all_ended = inside.all(|action| {
            let status = self.state.status(Spot { frame: at.frame, slot: action.slot });
            status.is_some_and(ActionStatus::is_final)
        });
        if !all_ended {
            return Step::Idle;
        }
        let failed = ending::has_unhandled_failure(self.definition, self.state, at.frame, is_inside);
        if let Some(record) = self.state.record_mut(at) {
            record.end = Some(now);
            if failed {
                record.fail(Failure::action_failed());
            } else {
                record.status = ActionStatus::Succeeded;
            }
        }
        if let Some(action) = self.action(at) {
            self.track(at, action);
        }
        Step::Progress
    }

    /// Evaluates the tracked properties of an action that has ended.
    pub(super) fn track(&mut self, at: Spot, action: &Action) {
        let Some(template) = &action.settings.tracked else { return };
        let Some(record) = self.state.record(at).filter(|record| record.status.is_final()) else { return };
        let mut view = self.view(at.frame);
        view.current = Some(record);
        // As on the platform, an error in them does not change the result of the action.
        let tracked = template.evaluate(&view).ok();
        let mut record = record.clone();
        record.tracked = tracked;
        self.state.store(at, record);
    }
}

pub(super) fn timed_out(action: &str) -> Failure {
    Failure::new("ActionTimedOut", format!("The action '{action}' took longer than its limit."))
}

enum Readiness {
    Pending,
    Ready,
    Skip(Failure),
}

fn readiness(definition: &Definition, state: &RunState, at: Spot, action: &Action) -> Readiness {
    if let Some((slot, branch)) = action.within {
        match state.record(Spot { frame: at.frame, slot }) {
            None => return Readiness::Pending,
            Some(record) if record.taken == Some(branch) => {}
            Some(_) => {
                return Readiness::Skip(Failure::new(
                    "ActionBranchingConditionNotSatisfied",
                    format!(
                        "The execution of template action '{}' skipped: the branching condition for this action is not satisfied.",
                        action.name
                    ),
                ));
            }
        }
    }
    let mut unmet = None;
    for (before, wanted) in &action.run_after {
        match state.status(Spot { frame: at.frame, slot: *before }) {
            Some(status) if status.is_final() => {
                if !wanted.has(status) && unmet.is_none() {
                    unmet = Some((*before, *wanted, status));
                }
            }
            _ => return Readiness::Pending,
        }
    }
    let Some((before, wanted, status)) = unmet else { return Readiness::Ready };
    let before = definition.members(action.body).get(before).map(|place| &definition.actions[*place]);
    Readiness::Skip(Failure::new(
        "ActionConditionFailed",
        format!(
            "The execution of template action '{}' is skipped: the 'runAfter' condition for action '{}' is not satisfied. \
             Expected status values '{}' and actual value '{}'.",
            action.name,
            before.map_or("", |before| &before.name),
            wanted.names(),
            status.name()
        ),
    ))
}
