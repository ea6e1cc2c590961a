//! The engine: given a definition and what has happened, what is next. Pure: calls are made by whoever asks, time is handed in.
//!
//! [`next`] does everything that needs nobody else (composing, deciding, skipping) and answers with the one thing that does: a
//! call to make, an instant to wait for, or the end. [`conclude`] takes what came of a call.

mod ending;
mod facts;
mod state;

use outlive_clock::{Instant, Span, Stream};
use serde_json::{Map, Value, json};

pub use ending::Ending;
pub use state::{ActionRecord, Failure, RunState};

use crate::definition::{Action, ActionKind, ConnectorCall, Definition, Scope};
use crate::expression::weigh;
use crate::retry::is_retried;
use crate::status::ActionStatus;
use facts::View;

/// The longest a run may last, in virtual time (reference §6.3).
pub const RUN_LENGTH_MAX: Span = Span::from_days(30);

/// The most bytes, roughly as JSON, that the outputs of all actions of a run may have together.
pub const RUN_BYTES_MAX: usize = 4 << 20;

/// What has to happen next.
#[derive(Debug)]
pub enum Next<'d> {
    /// A call to a connector.
    Call {
        /// The action's place in the definition.
        place: usize,
        /// The call, as defined.
        call: &'d ConnectorCall,
        /// Its parameters, evaluated.
        parameters: Map<String, Value>,
    },
    /// Nothing before this instant.
    Wait(Instant),
    /// Nothing more: this is how the run ended.
    Done(Ending),
}

/// What came of a call.
#[derive(Debug)]
pub struct Outcome {
    /// The status to judge a retry by; `None` when no answer could come of it, whatever one does (a mapping is missing).
    pub status: Option<u16>,
    /// The action's outputs (`{statusCode, headers, body}`), when there was an answer.
    pub outputs: Option<Value>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// Does all that can be done at `now` without a call, and says what is next.
pub fn next<'d>(definition: &'d Definition, state: &mut RunState, now: Instant) -> Next<'d> {
    let deadline = state.started + RUN_LENGTH_MAX;
    if now >= deadline {
        return Next::Done(ending::timed_out(definition, state, now));
    }
    let mut wait: Option<Instant> = None;
    loop {
        let mut moved = false;
        for (place, action) in definition.actions.iter().enumerate() {
            match look(definition, state, place, action, now) {
                Look::Nothing => {}
                Look::Moved => moved = true,
                Look::Waits(due) => wait = Some(wait.map_or(due, |earlier| earlier.min(due))),
                Look::Call(call, parameters) => return Next::Call { place, call, parameters },
            }
        }
        if !moved {
            break;
        }
        wait = None;
    }
    match wait {
        Some(due) => Next::Wait(due.min(deadline)),
        None => Next::Done(ending::of(definition, state)),
    }
}

enum Look<'d> {
    Nothing,
    Moved,
    Waits(Instant),
    Call(&'d ConnectorCall, Map<String, Value>),
}

fn look<'d>(
    definition: &'d Definition,
    state: &mut RunState,
    place: usize,
    action: &'d Action,
    now: Instant,
) -> Look<'d> {
    match state.status(place) {
        Some(status) if status.is_final() => Look::Nothing,
        Some(ActionStatus::Waiting) => {
            match state.actions[place].as_ref().and_then(|record| record.retry_due) {
                Some(due) if due > now => Look::Waits(due),
                _ => retry(state, place, action),
            }
        }
        Some(_) => {
            // Only a condition stays `Running` between looks: until its branches are done.
            let children =
                |other: &Action| matches!(other.scope, Scope::Branch { condition, .. } if condition == place);
            let all = || definition.actions.iter().enumerate().filter(|(_, other)| children(other));
            if !all().all(|(p, _)| state.status(p).is_some_and(ActionStatus::is_final)) {
                return Look::Nothing;
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
            Look::Moved
        }
        None => match permission(definition, state, action) {
            Permission::NotYet => Look::Nothing,
            Permission::Skip(why) => {
                state.actions[place] = Some(ActionRecord::skipped(&action.name, now, why));
                Look::Moved
            }
            Permission::Go => begin(definition, state, place, action, now),
        },
    }
}

enum Permission {
    NotYet,
    Go,
    Skip(Failure),
}

fn permission(definition: &Definition, state: &RunState, action: &Action) -> Permission {
    if let Scope::Branch { condition, then } = action.scope {
        match state.actions[condition].as_ref() {
            None => return Permission::NotYet,
            Some(record) if record.taken == Some(then) => {}
            Some(_) => {
                return Permission::Skip(Failure::new(
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
            _ => return Permission::NotYet,
        }
    }
    match unmet {
        None => Permission::Go,
        Some((before, wanted, status)) => Permission::Skip(Failure::new(
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
) -> Look<'d> {
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
            Look::Moved
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
            Look::Moved
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
                Look::Moved
            } else {
                record.inputs = Some(json!({
                    "host": {"apiId": format!("/providers/Microsoft.PowerApps/apis/{}", call.api),
                             "connectionName": call.reference, "operationId": call.operation},
                    "parameters": parameters,
                }));
                Look::Call(call, parameters)
            }
        }
    };
    state.store(place, record);
    look
}

/// A retry sends what the first attempt sent.
fn retry<'d>(state: &mut RunState, place: usize, action: &'d Action) -> Look<'d> {
    let (Some(record), ActionKind::OpenApiConnection(call)) = (&mut state.actions[place], &action.kind)
    else {
        return Look::Nothing;
    };
    record.status = ActionStatus::Running;
    record.retry_due = None;
    let parameters =
        record.inputs.as_ref().and_then(|inputs| inputs.get("parameters")).and_then(Value::as_object);
    Look::Call(call, parameters.cloned().unwrap_or_default())
}

/// Takes what came of the call of the action at `place`: done, failed, or waiting for a retry drawn from `draw`.
pub fn conclude(
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
