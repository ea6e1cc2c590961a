//! Actions that subscribe at a service, wait to be called back, and unsubscribe.

use serde_json::Value;

use super::context::Context;
use super::ending::RUN_LENGTH_MAX;
use super::facts::View;
use super::inputs::{CallInputs, Evaluated};
use super::place::Spot;
use super::record::ActionRecord;
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
        record.status = ActionStatus::Running;
        record.retry_due = None;
        let evaluated = subscription(call, at, &self.view(at.frame), self.context);
        self.begin_call(at, action, record, evaluated)
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

/// Removes an address to call back, and its signature alone, which is the same in every encoding of
/// a URL.
fn sanitize(value: &mut Value, url: &str) {
    let signature = url.rsplit_once("sig=").map_or(url, |(_, signature)| signature);
    match value {
        Value::String(text) if text.contains(signature) => {
            *text = text.replace(url, SANITIZED).replace(signature, SANITIZED);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| sanitize(item, url)),
        Value::Object(map) => map.values_mut().for_each(|member| sanitize(member, url)),
        _ => {}
    }
}

/// Removes signatures of addresses to call back from a response that repeats its request.
pub(super) fn sanitize_response(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("callbacks") => *text = without_signatures(text),
        Value::Array(items) => items.iter_mut().for_each(sanitize_response),
        Value::Object(map) => map.values_mut().for_each(sanitize_response),
        _ => {}
    }
}

pub(super) fn without_signatures(text: &str) -> String {
    let mut rest = text;
    let mut clean = String::with_capacity(text.len());
    let first = |rest: &str| {
        let ends = ["sig=", "sig%3D", "sig%3d"].into_iter();
        ends.filter_map(|mark| rest.find(mark).map(|at| at + mark.len())).min()
    };
    while let Some(at) = first(rest) {
        let (before, after) = rest.split_at(at);
        let length =
            after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count();
        clean.push_str(before);
        clean.push_str(SANITIZED);
        rest = &after[length..];
    }
    clean.push_str(rest);
    clean
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
    ending_call(webhook, state.record(at)?.location.as_deref(), &view)
}

/// Returns the call that ends a subscription: the request that the definition has for it, or to the
/// address that the service gave.
pub(super) fn ending_call<'d>(
    webhook: &WebhookCall,
    location: Option<&str>,
    view: &View<'_>,
) -> Option<CallInputs<'d>> {
    if let Some(call) = &webhook.unsubscribe {
        return http_request::request(call, view).ok().map(CallInputs::Http);
    }
    let (reference, location) = (calls::reference(&webhook.subscribe, view)?, location?.to_owned());
    Some(CallInputs::Location { reference, location, is_deleted: true })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_encoding_of_an_address_shows_its_signature() {
        let url = "http://f.test/flows/1/callbacks/0-1?sv=1.0&sig=AbC-_9";
        let encoded = "http%3A%2F%2Ff.test%2Fcallbacks%2F0-1%3Fsv%3D1.0%26sig%3DAbC-_9&x=1";
        let mut inputs = json!({"uri": format!("https://a.test/?cb={encoded}"), "body": [url]});
        sanitize(&mut inputs, url);
        let mut outputs = json!({"echo": {"uri": encoded, "body": url}, "sig": "kept"});
        sanitize_response(&mut outputs);
        for shown in [inputs.to_string(), outputs.to_string()] {
            assert!(!shown.contains("AbC-_9") && shown.contains(SANITIZED), "{shown}");
        }
        assert_eq!(
            (&outputs["sig"], outputs["echo"]["uri"].as_str().map(|uri| uri.ends_with("&x=1"))),
            (&json!("kept"), Some(true))
        );
    }
}
