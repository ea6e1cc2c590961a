//! The engine: from a definition and the state of a run to the next step. Pure: the caller makes
//! calls and passes the time.
//!
//! [`next`] does everything that needs no I/O (composing, deciding, skipping) and returns the next
//! step that does: a call, an instant to wait for, or the end. [`conclude`] takes the outcome of a
//! call.

mod ending;
mod facts;
mod state;

use outlive_clock::{Instant, Span, Stream};
use serde_json::{Map, Value, json};

pub(crate) use ending::Ending;
pub(crate) use state::{ActionRecord, Failure, RunState};

use crate::definition::{Action, ActionKind, ConnectorCall, Definition, Scope};
use crate::retry::is_retried;
use crate::status::ActionStatus;
use facts::View;

/// The maximum duration of a run, in virtual time (reference §6.3).
pub(crate) const RUN_LENGTH_MAX: Span = Span::from_days(30);

/// The next step of a run.
#[derive(Debug)]
pub(crate) enum Next<'d> {
    /// Call a connector.
    Call {
        /// The action's place in the definition.
        place: usize,
        /// The call, as defined.
        call: &'d ConnectorCall,
        /// Its parameters, evaluated.
        parameters: Map<String, Value>,
    },
    /// Wait until this instant.
    Wait(Instant),
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

/// Does everything that is possible at `now` without a call, and returns the next step.
pub(crate) fn next<'d>(definition: &'d Definition, state: &mut RunState, now: Instant) -> Next<'d> {
    let deadline = state.started + RUN_LENGTH_MAX;
    if now >= deadline {
        return Next::Done(ending::timed_out(definition, state, now));
    }
    let mut wait: Option<Instant> = None;
    loop {
        let mut progress = false;
        for (place, action) in definition.actions.iter().enumerate() {
            match step(definition, state, place, action, now) {
                Step::Idle => {}
                Step::Progress => progress = true,
                Step::Wait(due) => wait = Some(wait.map_or(due, |earlier| earlier.min(due))),
                Step::Call(call, parameters) => return Next::Call { place, call, parameters },
            }
        }
        if !progress {
            break;
        }
        wait = None;
    }
    match wait {
        Some(due) => Next::Wait(due.min(deadline)),
        None => Next::Done(ending::of(definition, state)),
    }
}

enum Step<'d> {
    Idle,
    Progress,
    Wait(Instant),
    Call(&'d ConnectorCall, Map<String, Value>),
}

fn step<'d>(
    definition: &'d Definition,
    state: &mut RunState,
    place: usize,
    action: &'d Action,
    now: Instant,
) -> Step<'d> {
    match state.status(place) {
        Some(status) if status.is_final() => Step::Idle,
        Some(ActionStatus::Waiting) => {
            match state.actions[place].as_ref().and_then(|record| record.retry_due) {
                Some(due) if due > now => Step::Wait(due),
                _ => retry(state, place, action),
            }
        }
        Some(_) => {
            // Only a condition stays `Running` between steps, until its branches have ended.
            let children =
                |other: &Action| matches!(other.scope, Scope::Branch { condition, .. } if condition == place);
            let all = || definition.actions.iter().enumerate().filter(|(_, other)| children(other));
            if !all().all(|(p, _)| state.status(p).is_some_and(ActionStatus::is_final)) {
                return Step::Idle;
            }
            let failed = ending::has_unhandled_failure(definition, state, |other| children(other));
            if let Some(record) = &mut state.actions[place] {
                record.end = Some(now);
                if failed {
                    record.fail(Failure::action_failed());
                } else {
                    record.status = ActionStatus::Succeeded;
                }
            }
            Step::Progress
        }
        None => match readiness(definition, state, action) {
            Readiness::Pending => Step::Idle,
            Readiness::Skip(why) => {
                state.actions[place] = Some(ActionRecord::skipped(&action.name, now, why));
                Step::Progress
            }
            Readiness::Ready => begin(definition, state, place, action, now),
        },
    }
}

enum Readiness {
    Pending,
    Ready,
    Skip(Failure),
}

fn readiness(definition: &Definition, state: &RunState, action: &Action) -> Readiness {
    if let Scope::Branch { condition, then } = action.scope {
        match state.actions[condition].as_ref() {
            None => return Readiness::Pending,
            Some(record) if record.taken == Some(then) => {}
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
        match state.status(*before) {
            Some(status) if status.is_final() => {
                if !wanted.has(status) && unmet.is_none() {
                    unmet = Some((*before, *wanted, status));
                }
            }
            _ => return Readiness::Pending,
        }
    }
    match unmet {
        None => Readiness::Ready,
        Some((before, wanted, status)) => Readiness::Skip(Failure::new(
            "ActionConditionFailed",
            format!(
                "The execution of template action '{}' is skipped: the 'runAfter' condition for action '{}' is not satisfied. \
                 Expected status values '{}' and actual value '{}'.",
                action.name,
                definition.actions[before].name,
                wanted.names(),
                status.name()
            ),
        )),
    }
}

fn begin<'d>(
    definition: &'d Definition,
    state: &mut RunState,
    place: usize,
    action: &'d Action,
    now: Instant,
) -> Step<'d> {
    let view = View { definition, state, now };
    let mut record = ActionRecord::started(&action.name, now);
    let look = match &action.kind {
        ActionKind::Compose(template) => {
            match template.evaluate(&view) {
                Ok(value) => {
                    record.status = ActionStatus::Succeeded;
                    record.outputs = Some(value);
                }
                Err(error) => record.fail(Failure::template(&action.name, &error)),
            }
            record.end = Some(now);
            Step::Progress
        }
        ActionKind::If(condition) => {
            match condition.holds(&view) {
                Ok(holds) => {
                    record.taken = Some(holds);
                    record.outputs = Some(json!({ "expressionResult": holds }));
                }
                Err(error) => {
                    record.fail(Failure::template(&action.name, &error));
                    record.end = Some(now);
                }
            }
            Step::Progress
        }
        ActionKind::OpenApiConnection(call) => {
            let mut parameters = Map::new();
            let mut refused = None;
            for (name, template) in &call.parameters {
                match template.evaluate(&view) {
                    Ok(value) => {
                        parameters.insert(name.clone(), value);
                    }
                    Err(error) => refused = Some(error),
                }
            }
            if let Some(error) = refused {
                record.fail(Failure::template(&action.name, &error));
                record.end = Some(now);
                Step::Progress
            } else {
                record.inputs = Some(json!({
                    "host": {"apiId": format!("/providers/Microsoft.PowerApps/apis/{}", call.api),
                             "connectionName": call.reference, "operationId": call.operation},
                    "parameters": parameters,
                }));
                Step::Call(call, parameters)
            }
        }
    };
    state.store(place, record);
    look
}

/// A retry sends the inputs of the first attempt.
fn retry<'d>(state: &mut RunState, place: usize, action: &'d Action) -> Step<'d> {
    let (Some(record), ActionKind::OpenApiConnection(call)) = (&mut state.actions[place], &action.kind)
    else {
        return Step::Idle;
    };
    record.status = ActionStatus::Running;
    record.retry_due = None;
    let parameters =
        record.inputs.as_ref().and_then(|inputs| inputs.get("parameters")).and_then(Value::as_object);
    Step::Call(call, parameters.cloned().unwrap_or_default())
}

/// Records the outcome of the call of the action at `place`: succeeded, failed, or waiting for a
/// retry at a random instant from `draw`.
pub(crate) fn conclude(
    definition: &Definition,
    state: &mut RunState,
    place: usize,
    outcome: Outcome,
    draw: impl FnOnce() -> Stream,
    now: Instant,
) {
    let Some(action) = definition.actions.get(place) else { return };
    let ActionKind::OpenApiConnection(call) = &action.kind else { return };
    let Some(mut record) = state.actions[place].take() else { return };
    let may_pass = outcome.failure.is_some() && outcome.status.is_some_and(is_retried);
    let wait = if may_pass { call.retry.wait(record.retries + 1, &mut draw()) } else { None };
    record.outputs = outcome.outputs;
    match (outcome.failure, wait) {
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
    state.store(place, record);
}

#[cfg(test)]
mod tests;
