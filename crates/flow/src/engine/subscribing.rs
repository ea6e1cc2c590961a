//! The calls by which a trigger begins and ends its subscription.

use serde_json::Value;

use super::context::Context;
use super::facts::View;
use super::firing::invalid;
use super::inputs::CallInputs;
use super::outcome::Outcome;
use super::place::FLOW;
use super::record::Failure;
use super::state::RunState;
use super::{asynchronous, calls, webhook};
use crate::definition::{Definition, TriggerKind, WebhookCall};

fn webhook_of(definition: &Definition) -> Option<&WebhookCall> {
    match &definition.trigger.kind {
        TriggerKind::Webhook(call) => call.as_deref(),
        _ => None,
    }
}

/// Returns the call that subscribes; the service posts the events to `url`.
pub(crate) fn subscribe<'d>(
    definition: &'d Definition,
    url: &str,
    context: &Context<'_>,
) -> Result<CallInputs<'d>, Failure> {
    let trigger = &definition.trigger;
    let call = webhook_of(definition).ok_or_else(|| {
        let what = format!(
            "The inputs of the trigger '{}' are not those of a call that subscribes. Correct them, and save the flow \
             again.",
            trigger.name
        );
        Failure::new("TriggerNotAvailable", what)
    })?;
    let state = RunState::new(definition, context.now, Value::Null);
    let mut view = View::new(definition, &state, context, FLOW);
    view.callback = Some(url);
    let (_, mut call) =
        calls::first_poll(&call.subscribe, &view).map_err(|error| invalid(definition, &error))?;
    if let CallInputs::Operation { callback, .. } = &mut call {
        *callback = Some(url.to_owned());
    }
    Ok(call)
}

/// Returns the call that ends a subscription, if one does.
pub(crate) fn end_subscription<'d>(
    definition: &'d Definition,
    url: &str,
    location: Option<&str>,
    context: &Context<'_>,
) -> Option<CallInputs<'d>> {
    let call = webhook_of(definition)?;
    let state = RunState::new(definition, context.now, Value::Null);
    let mut view = View::new(definition, &state, context, FLOW);
    view.callback = Some(url);
    webhook::ending_call(call, location, &view)
}

/// Removes from an outcome what must not be shown of it, and returns the address that the response
/// gives.
pub(crate) fn shown_outcome(definition: &Definition, outcome: &mut Outcome) -> Option<String> {
    let hidden = definition.trigger.hidden;
    if let Some(failure) = &mut outcome.failure {
        if hidden.inputs || hidden.outputs || hidden.error {
            *failure = Failure::hidden("SubscriptionFailed");
        } else {
            failure.message = webhook::without_signatures(&failure.message);
        }
    }
    asynchronous::location_of(outcome.outputs.as_ref())
}
