//! The engine: from a definition and the state of a run to the next step. Pure: the caller makes
//! calls and passes the time.
//!
//! [`next`] does everything that needs no I/O (composing, deciding, repeating, skipping) and
//! returns the next step that does: a call, an instant to wait for, or the end. [`conclude`] takes
//! the outcome of a call.
//!
//! Each iteration of a loop has a frame with the records of its actions; the flow itself is the
//! first frame. Scopes, conditions and switches run at most once per frame, so their actions are
//! part of the frame that contains them.

mod begin;
mod calls;
mod data;
mod ending;
mod facts;
mod firing;
mod http_request;
mod markup;
mod record;
mod repeat;
mod state;
mod variables;

use outlive_clock::{Instant, Span, Stream};
use serde_json::{Value, json};

pub(crate) use calls::{ApiRequest, CallInputs};
pub(crate) use ending::{Ending, cut_short};
pub(crate) use firing::{Fired, fire, poll};
pub(crate) use http_request::{HttpCredential, HttpRequest};
pub(crate) use record::{ActionRecord, Failure};
pub(crate) use state::{FLOW, Frame, FrameId, RunState, SentResponse, Spot};

use crate::definition::{Action, ActionKind, Definition};
use crate::retry::is_retried;
use crate::status::ActionStatus;
use facts::View;

/// The maximum duration of a run, in virtual time (reference §6.3).
pub(crate) const RUN_LENGTH_MAX: Span = Span::from_days(30);

/// The maximum number of actions and iterations of a run: the number that the platform executes
/// in five minutes (reference §6.3).
pub(crate) const ACTIONS_PER_RUN_MAX: u64 = 100_000;

/// The number of actions after which other work gets a turn.
const ACTIONS_PER_TURN: u32 = 2_000;

/// The time, randomness and run of a step.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) run: &'a RunIdentity,
    /// Returns the next random number.
    pub(crate) random: &'a dyn Fn() -> u64,
}

/// The run, as expressions see it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunIdentity {
    pub(crate) environment: String,
    pub(crate) flow: String,
    pub(crate) name: String,
}

impl RunIdentity {
    fn tracking(&self, state: &RunState) -> String {
        state.tracking_id.clone().unwrap_or_else(|| self.name.clone())
    }

    fn workflow(&self) -> Value {
        let Self { environment, flow, name } = self;
        let id = format!("/providers/Microsoft.ProcessSimple/environments/{environment}/flows/{flow}");
        json!({
            "id": id, "name": flow, "type": "Microsoft.ProcessSimple/environments/flows",
            "location": "unitedstates",
            "tags": {"environmentName": environment, "logicAppName": flow},
            "run": {
                "id": format!("{id}/runs/{name}"), "name": name,
                "type": "Microsoft.ProcessSimple/environments/flows/runs",
            },
        })
    }
}

/// The next step of a run.
#[derive(Debug)]
pub(crate) enum Next<'d> {
    /// Make a call.
    Call { at: Spot, inputs: CallInputs<'d> },
    /// Wait until this instant.
    Wait(Instant),
    /// Continue after other work had a turn.
    Pause,
    /// The run has ended.
    Done(Ending),
}

/// The outcome of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The status that decides about a retry; `None` if no response is possible (for example, a
    /// reference is not mapped).
    pub status: Option<u16>,
    /// The action's outputs (`{statusCode, headers, body}`), if there was a response.
    pub outputs: Option<Value>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// Does everything that is possible without a call, and returns the next step.
pub(crate) fn next<'d>(definition: &'d Definition, state: &mut RunState, context: &Context<'_>) -> Next<'d> {
    let deadline = state.started + RUN_LENGTH_MAX;
    if context.now >= deadline {
        return Next::Done(ending::timed_out(definition, state, context.now));
    }
    let mut engine = Engine { definition, state, context, left: ACTIONS_PER_TURN };
    match engine.run_frame(FLOW) {
        Step::Call(at, inputs) => Next::Call { at, inputs },
        Step::Wait(due) => Next::Wait(due.min(deadline)),
        Step::Pause => Next::Pause,
        Step::End(ending) => {
            ending::cut_short(definition, state, context.now);
            Next::Done(engine_outputs(definition, state, context, ending))
        }
        Step::Idle | Step::Progress => {
            let ending = ending::of(definition, state);
            Next::Done(engine_outputs(definition, state, context, ending))
        }
    }
}

/// Evaluates the outputs of the whole flow.
fn engine_outputs(
    definition: &Definition,
    state: &mut RunState,
    context: &Context<'_>,
    ending: Ending,
) -> Ending {
    if definition.outputs.is_empty() {
        return ending;
    }
    let evaluated = {
        let view = View::new(definition, state, context, FLOW);
        let outputs = definition.outputs.iter().map(|(name, template)| {
            let value = template.evaluate(&view)?;
            Ok((name.clone(), json!({ "value": value })))
        });
        outputs.collect::<Result<serde_json::Map<_, _>, crate::expression::EvaluationError>>()
    };
    match evaluated {
        Ok(outputs) => {
            state.outputs = Some(Value::Object(outputs));
            ending
        }
        Err(error) => ending.or_failed(Failure::new(
            "InvalidTemplate",
            format!("Unable to process template language expressions for the outputs of the flow: {error}."),
        )),
    }
}

enum Step<'d> {
    Idle,
    Progress,
    Wait(Instant),
    Pause,
    Call(Spot, CallInputs<'d>),
    /// A `Terminate` ends the run.
    End(Ending),
}

struct Engine<'d, 's> {
    definition: &'d Definition,
    state: &'s mut RunState,
    context: &'s Context<'s>,
    /// The number of actions that may still be started in this turn.
    left: u32,
}

impl<'d> Engine<'d, '_> {
    const fn now(&self) -> Instant {
        self.context.now
    }

    fn view(&self, frame: FrameId) -> View<'_> {
        View::new(self.definition, self.state, self.context, frame)
    }

    fn action(&self, at: Spot) -> Option<&'d Action> {
        let place = self.definition.members(self.state.body_of(at.frame)?).get(at.slot)?;
        self.definition.actions.get(*place)
    }

    /// Does everything that is possible in a frame. Returns `Idle` if all its actions have ended.
    fn run_frame(&mut self, frame: FrameId) -> Step<'d> {
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
                    let step = self.begin(at, action);
                    self.track(at, action);
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
            (None, _) => self.call_again(at, action),
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
    fn track(&mut self, at: Spot, action: &Action) {
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

fn timed_out(action: &str) -> Failure {
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

/// Records the outcome of a call: succeeded, failed, or waiting for a retry at a random instant
/// from `draw`.
pub(crate) fn conclude(
    definition: &Definition,
    state: &mut RunState,
    at: Spot,
    outcome: Outcome,
    draw: impl FnOnce() -> Stream,
    context: &Context<'_>,
) {
    let now = context.now;
    let Some(action) = Engine { definition, state, context, left: 0 }.action(at) else { return };
    let retry = match &action.kind {
        ActionKind::OpenApiConnection(call) => &call.retry,
        ActionKind::ApiConnection(call) => &call.retry,
        ActionKind::Http(call) => &call.retry,
        _ => return,
    };
    let Some(mut record) = state.record(at).cloned() else { return };
    let may_pass = outcome.failure.is_some() && outcome.status.is_some_and(is_retried);
    let wait = if may_pass { retry.wait(record.retries + 1, &mut draw()) } else { None };
    record.outputs = outcome.outputs;
    match (outcome.failure, wait) {
        (Some(_), Some(wait))
            if action.settings.timeout.is_some_and(|timeout| now + wait >= record.start + timeout) =>
        {
            record.time_out(timed_out(&action.name), now);
        }
        (Some(failure), Some(wait)) => {
            record.fail(failure);
            record.status = ActionStatus::Waiting;
            record.retries += 1;
            record.retry_due = Some(now + wait);
        }
        (Some(failure), None) => {
            record.fail(failure);
            record.end = Some(now);
        }
        (None, _) => {
            record.status = ActionStatus::Succeeded;
            record.code = Some("OK".to_owned());
            record.error = None;
            record.end = Some(now);
        }
    }
    state.store(at, record);
    Engine { definition, state, context, left: 0 }.track(at, action);
}

#[cfg(test)]
mod tests;
