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

mod archive;
mod archived;
mod asynchronous;
mod begin;
mod calls;
mod context;
mod data;
mod ending;
mod facts;
mod firing;
mod frame;
mod http_request;
mod inputs;
mod markup;
mod outcome;
mod place;
mod record;
mod repeat;
mod shown;
mod state;
mod stepper;
mod subscribing;
mod variables;
mod webhook;

use outlive_clock::{Instant, Stream};
use serde_json::{Value, json};

pub(crate) use archived::Iteration;
pub(crate) use asynchronous::NextPoll;
pub(crate) use context::{Context, RunIdentity};
use ending::RUN_LENGTH_MAX;
pub(crate) use ending::{Ending, cut_short};
pub(crate) use firing::{Fired, failure_of_poll, fire, poll};
pub(crate) use frame::Frame;
pub(crate) use inputs::{ApiRequest, ApplicationProof, CallInputs, HttpCredential, HttpRequest, PfxFile};
pub(crate) use outcome::Outcome;
use place::FLOW;
pub(crate) use place::Spot;
pub(crate) use record::{ActionRecord, Failure};
pub(crate) use shown::ShownAction;
pub(crate) use state::{RunState, SentResponse};
pub(crate) use subscribing::{end_subscription, shown_outcome, subscribe};
pub(crate) use webhook::{call_back, take_unsubscription};

use crate::definition::{ActionKind, Definition};
use crate::retry::is_retried;
use crate::status::ActionStatus;
use facts::View;
use stepper::{ACTIONS_PER_TURN, Engine, Step, timed_out};

/// The next step of a run.
#[derive(Debug)]
pub(crate) enum Next<'d> {
    /// Make a call.
    Call { at: Spot, inputs: CallInputs<'d> },
    /// Wait until this instant.
    Wait(Instant),
    /// Continue after other work had a turn, and after archived iterations were stored.
    Pause,
    /// The run has ended.
    Done(Ending),
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
        let outputs = definition.outputs.iter().map(|output| match output.value.evaluate(&view) {
            // Nothing reads the outputs but the run history.
            Ok(_) if output.hidden => Ok((output.name.clone(), shown::hidden_output())),
            Ok(value) => Ok((output.name.clone(), json!({ "value": value }))),
            Err(_) if output.hidden => Err(Failure::hidden("InvalidTemplate")),
            Err(error) => Err(Failure::new(
                "InvalidTemplate",
                format!(
                    "Unable to process template language expressions for the outputs of the flow: {error}."
                ),
            )),
        });
        outputs.collect::<Result<serde_json::Map<_, _>, Failure>>()
    };
    match evaluated {
        Ok(outputs) => {
            state.outputs = Some(Value::Object(outputs));
            ending
        }
        Err(failure) => ending.or_failed(failure),
    }
}

/// Records the outcome of a call: succeeded, failed, or waiting for a retry at a random instant
/// from `draw`.
pub(crate) fn conclude(
    definition: &Definition,
    state: &mut RunState,
    at: Spot,
    mut outcome: Outcome,
    draw: impl FnOnce() -> Stream,
    context: &Context<'_>,
) {
    let now = context.now;
    let Some(action) = Engine { definition, state, context, left: 0 }.action(at) else { return };
    let retry = match &action.kind {
        ActionKind::OpenApiConnection(call) => &call.retry,
        ActionKind::ApiConnection(call) => &call.retry,
        ActionKind::Http(call) => &call.retry,
        ActionKind::Webhook(call) => call.retry(),
        _ => return,
    };
    let Some(mut record) = state.record(at).cloned() else { return };
    if let (ActionKind::Webhook(_), Some(outputs)) = (&action.kind, &mut outcome.outputs) {
        webhook::sanitize_response(outputs);
    }
    let may_pass = outcome.failure.is_some() && outcome.status.is_some_and(is_retried);
    let wait =
        if may_pass { retry.wait(record.retries + 1, context.retry_profile, &mut draw()) } else { None };
    if let (ActionKind::Webhook(_), None) = (&action.kind, &outcome.failure) {
        webhook::wait(state, at, record, action, outcome.outputs);
        return;
    }
    if let Some((location, due)) = asynchronous::continuation(action, &record, &outcome, now) {
        record.wait_for_operation(location, due, action.settings.timeout);
        record.outputs = outcome.outputs;
        state.store(at, record);
        return;
    }
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
