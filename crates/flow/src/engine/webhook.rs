//! Actions that subscribe at a service, wait to be called back, and unsubscribe.

use serde_json::Value;

use super::context::Context;
use super::ending::RUN_LENGTH_MAX;
use super::facts::View;
use super::inputs::{CallInputs, Evaluated};
use super::place::Spot;
use super::record::{ActionRecord, Failure};
use super::state::RunState;
use super::stepper::{Engine, Step};
use super::{calls, http_request};
use crate::definition::{Action, ActionKind, Definition, WebhookCall};
use crate::expression::EvaluationError;
use crate::status::ActionStatus;

/// What the run history shows in place of the address to call back, with which anybody can continue
/// the run.
const SANITIZED: &str = "*sanitized*";

impl<'d> Engine<'d, '_> {
    /// Evaluates the call that subscribes; a retry has a new address to call back.
    pub(super) fn subscribe(
        &mut self,
        at: Spot,
        action: &'d Action,
        call: &'d WebhookCall,
        mut record: ActionRecord,
    ) -> Step<'d> {
        match subscription(call, at, &self.view(at.frame), self.context) {
            Ok((inputs, call)) => {
                record.inputs = Some(inputs);
                record.status = ActionStatus::Running;
                record.retry_due = None;
                self.state.store(at, record);
                // Inputs that are too large are a failure.
                let is_stored = self.state.status(at) == Some(ActionStatus::Running);
                if is_stored { Step::Call(at, call) } else { Step::Progress }
            }
            Err(error) => {
                record.end(Err(Failure::template(&action.name, &error)), self.now());
                self.state.store(at, record);
                Step::Progress
            }
        }
    }
}

fn subscription<'d>(
    call: &'d WebhookCall,
    at: Spot,
    view: &View<'_>,
    context: &Context<'_>,
) -> Evaluated<'d> {
    let none = || EvaluationError("there is no address to call back".to_owned());
    let url = context.callbacks.map(|callbacks| callbacks(at)).ok_or_else(none)?;
    let mut view = View::new(view.definition, view.state, view.context, view.frame);
    view.callback = Some(&url);
    let (mut inputs, mut call) = calls::first_poll(&call.subscribe, &view)?;
    if let CallInputs::Operation { callback, .. } = &mut call {
        *callback = Some(url.clone());
    }
    sanitize(&mut inputs, &url);
    Ok((inputs, call))
}

fn sanitize(value: &mut Value, url: &str) {
    match value {
        Value::String(text) if text.contains(url) => *text = text.replace(url, SANITIZED),
        Value::Array(items) => items.iter_mut().for_each(|item| sanitize(item, url)),
        Value::Object(map) => map.values_mut().for_each(|member| sanitize(member, url)),
        _ => {}
    }
}

/// Lets an action wait to be called back, after it subscribed.
pub(super) fn wait(
    state: &mut RunState,
    at: Spot,
    mut record: ActionRecord,
    action: &Action,
    outputs: Option<Value>,
) {
    let deadline = state.started + RUN_LENGTH_MAX;
    let timeout = action.settings.timeout.map_or(deadline, |timeout| deadline.min(record.start + timeout));
    let location = super::asynchronous::location_of(outputs.as_ref());
    record.location = location;
    record.status = ActionStatus::Waiting;
    record.awaits_callback = true;
    record.wait_until = Some(timeout);
    record.code = None;
    record.error = None;
    record.outputs = outputs;
    state.store(at, record);
}

/// Ends an action that waits to be called back. Returns whether it did.
pub(crate) fn call_back(
    definition: &Definition,
    state: &mut RunState,
    at: Spot,
    outputs: Value,
    context: &Context<'_>,
) -> bool {
    let waits = |record: &&ActionRecord| record.awaits_callback && record.status == ActionStatus::Waiting;
    let Some(mut record) = state.record(at).filter(waits).cloned() else { return false };
    record.awaits_callback = false;
    record.wait_until = None;
    record.code = Some("OK".to_owned());
    record.end(Ok(Some(outputs)), context.now);
    state.store(at, record);
    state.unsubscriptions.push(at);
    let mut engine = Engine { definition, state, context, left: 0 };
    if let Some(action) = engine.action(at) {
        engine.track(at, action);
    }
    true
}

/// Returns the next call that ends a subscription which is not needed any more.
pub(crate) fn take_unsubscription<'d>(
    definition: &'d Definition,
    state: &mut RunState,
    context: &Context<'_>,
) -> Option<CallInputs<'d>> {
    while !state.unsubscriptions.is_empty() {
        let at = state.unsubscriptions.remove(0);
        if let Some(call) = unsubscription(definition, state, at, context) {
            return Some(call);
        }
    }
    None
}

fn unsubscription<'d>(
    definition: &'d Definition,
    state: &RunState,
    at: Spot,
    context: &Context<'_>,
) -> Option<CallInputs<'d>> {
    let place = *definition.members(state.body_of(at.frame)?).get(at.slot)?;
    let ActionKind::Webhook(webhook) = &definition.actions[place].kind else { return None };
    let url = context.callbacks.map(|callbacks| callbacks(at))?;
    let mut view = View::new(definition, state, context, at.frame);
    view.callback = Some(&url);
    if let Some(call) = &webhook.unsubscribe {
        return http_request::request(call, &view).ok().map(CallInputs::Http);
    }
    let location = state.record(at)?.location.clone()?;
    let reference = calls::reference(&webhook.subscribe, &view)?;
    Some(CallInputs::Location { reference, location, is_deleted: true })
}
