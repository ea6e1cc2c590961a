//! The inputs of actions that subscribe at a service and wait to be called back.

use serde_json::{Value, json};

use super::connector_call;
use super::http_call::{self, HttpCall};
use super::node::Node;
use super::poll_call::PollCall;
use super::refusal::Collected;
use crate::expression::Template;
use crate::retry::RetryPolicy;

#[derive(Clone, Debug)]
pub(crate) struct WebhookCall {
    pub subscribe: PollCall,
    /// The request that ends the subscription. That of a connector is ended at the address that it
    /// gave (`Location`).
    pub unsubscribe: Option<HttpCall>,
}

impl WebhookCall {
    pub(super) fn templates(&self) -> Vec<&Template> {
        let subscribe = self.subscribe.templates();
        let unsubscribe = self.unsubscribe.as_ref().map(HttpCall::templates);
        subscribe.into_iter().chain(unsubscribe.into_iter().flatten()).collect()
    }

    pub(crate) const fn retry(&self) -> &RetryPolicy {
        match &self.subscribe {
            PollCall::Operation(call) => &call.retry,
            PollCall::Request(call) => &call.retry,
            PollCall::Http(call) => &call.retry,
        }
    }
}

/// Reads the inputs of an action of this type, in lower case. Earlier versions accepted any inputs,
/// and exported definitions have more forms: `None` for those that cannot run here. In the others,
/// literals that cannot work are recorded.
pub(super) fn read(kind: &str, inputs: &Node<'_>, errors: &mut Collected) -> Option<WebhookCall> {
    let mut form = Collected::of_stored();
    let read = read_form(kind, inputs, &mut form).filter(|_| form.len() == 0);
    match read {
        None => http_call::check_subscription(inputs, errors),
        Some(_) => _ = read_form(kind, inputs, errors),
    }
    read
}

fn read_form(kind: &str, inputs: &Node<'_>, errors: &mut Collected) -> Option<WebhookCall> {
    match kind {
        "httpwebhook" => {
            errors.keep(inputs.only(&["subscribe", "unsubscribe"]));
            let subscribe = errors.keep(inputs.required("subscribe", "give the request that subscribes"))?;
            let subscribe = PollCall::Http(http_call::read(&subscribe, errors)?);
            let unsubscribe = inputs.optional("unsubscribe");
            // An empty request is as good as none.
            let unsubscribe =
                unsubscribe.filter(|node| node.value().as_object().is_some_and(|map| !map.is_empty()));
            let unsubscribe = unsubscribe.map(|node| http_call::read(&node, errors));
            Some(WebhookCall { subscribe, unsubscribe: unsubscribe.flatten() })
        }
        "openapiconnectionwebhook" => {
            let call = connector_call::read_operation(inputs, errors)?;
            Some(WebhookCall { subscribe: PollCall::Operation(call), unsubscribe: None })
        }
        _ => {
            let mut written = inputs.value().clone();
            if let Value::Object(map) = &mut written {
                map.entry("method").or_insert_with(|| json!("post"));
            }
            let call = connector_call::read_request(&Node::new(inputs.path(), &written), errors)?;
            Some(WebhookCall { subscribe: PollCall::Request(call), unsubscribe: None })
        }
    }
}
