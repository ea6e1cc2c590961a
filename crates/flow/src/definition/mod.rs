//! A flow's definition: parses the documented JSON (reference §6.1), or rejects it with the path of
//! each error.

mod access_control;
mod action;
mod action_kind;
mod action_reader;
mod address_range;
mod condition;
mod connector_call;
mod control_action;
mod credential_headers;
mod data_action;
mod expression_action;
mod http_call;
mod limits;
mod literals;
mod node;
mod order;
mod outside_reads;
mod parameters;
mod poll_call;
mod recurrence_reader;
mod references;
mod refusal;
mod request_trigger;
mod retry_policy;
mod schema;
mod secrecy;
mod settings;
mod template_reader;
mod trigger;
mod unsupported;
pub(crate) mod values;
mod variable;
mod variable_action;
mod variable_checks;
mod webhook;

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

pub(crate) use access_control::{AccessControl, accepts};
pub(crate) use action::{Action, ActionKind, Body, Branch, CallSite, Response, Table, Until, Wait};
pub(crate) use condition::Condition;
pub(crate) use connector_call::{ApiCall, ConnectionName, ConnectorCall};
pub(crate) use credential_headers::is_credential_header;
pub(crate) use http_call::{
    ApplicationCredential, CertificateFile, HttpAuthentication, HttpCall, has_user_information,
};
pub(crate) use parameters::Output;
pub(crate) use poll_call::PollCall;
pub(crate) use references::{ConnectionIdentity, ConnectionReference, References, Source};
pub(crate) use refusal::DefinitionErrors;
pub(crate) use request_trigger::{Callers, REQUEST_METHODS};
pub(crate) use schema::Schema;
pub(crate) use settings::{Hidden, StaticResult};
pub(crate) use trigger::{Trigger, TriggerKind};
pub(crate) use variable::{Initial, VariableChange, VariableType};
pub(crate) use webhook::WebhookCall;

use action_reader::{Actions, Reader};
pub(crate) use address_range::AddressRange;
use node::Node;
use refusal::Collected;

/// The path of the connection references.
const REFERENCES: &str = "properties.connectionReferences";

/// A valid definition: its logic, and the connections that it uses. Flows that were made from one
/// template differ only in the connections, and share the logic.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    logic: Arc<Logic>,
    pub connections: References,
}

/// All of a definition but its connections. It follows from `properties.definition` alone.
#[derive(Debug)]
pub(crate) struct Logic {
    pub trigger: Trigger,
    /// All actions, including nested ones. Each follows the action that contains it and the actions
    /// it runs after.
    pub actions: Vec<Action>,
    /// The actions of the flow itself, then those of each loop.
    pub bodies: Vec<Body>,
    /// The parameters and their defaults. `$authentication` contains nothing that a flow could
    /// read, and `$connections` nothing at all: its value follows from the connections.
    pub parameters: BTreeMap<String, Value>,
    /// The outputs of the whole flow.
    pub outputs: Vec<Output>,
    places: HashMap<String, usize>,
}

/// A definition as far as it can be parsed.
#[derive(Debug)]
pub(crate) struct Reading {
    pub connections: References,
    /// The operations that its actions call.
    pub calls: Vec<CallSite>,
    /// The definition, or all that is wrong with it.
    pub definition: Result<Definition, DefinitionErrors>,
}

impl Reading {
    /// Parses `definition` and `connectionReferences` of a flow's `properties`.
    pub(crate) fn of(definition: &Value, references: &Value) -> Self {
        Self::with(definition, references, Collected::default())
    }

    fn with(definition: &Value, references: &Value, mut errors: Collected) -> Self {
        let node = Node::new("properties.definition", definition);
        let known = [
            "$schema",
            "contentVersion",
            "parameters",
            "staticResults",
            "triggers",
            "actions",
            "outputs",
            "description",
            "metadata",
        ];
        errors.keep(node.only(&known));
        let is_object = definition.is_object();
        let parameters = parameters::read(&node, &mut errors);
        let secure_parameters = parameters::secure_names(&node);
        let mut outputs = parameters::outputs(&node, &mut errors);
        let static_results = settings::static_results(&node, &mut errors);
        let triggers = is_object.then(|| node.required("triggers", "give exactly one trigger"));
        let triggers = triggers.and_then(|triggers| errors.keep(triggers));
        let trigger = triggers.as_ref().and_then(|triggers| Trigger::read(triggers, &mut errors));
        let mut site = None;
        if let (Some(trigger), Some(triggers)) = (&trigger, &triggers) {
            trigger.check_parameters(triggers, &parameters, &mut errors);
            site = trigger.call_site(triggers);
        }
        let mut reader = Reader::new(parameters.keys().cloned().collect(), static_results, errors);
        if let Some(actions) = node.optional("actions") {
            reader.read(&actions, None, 1);
        }
        let Actions { mut actions, mut bodies, mut calls, mut errors } = reader.finish();
        parameters::check_outputs(&node, &outputs, &actions, &parameters, &mut errors);
        outside_reads::mark(&actions, &mut bodies, &outputs);
        calls.extend(site);
        let connections = references::read(&Node::new(REFERENCES, references), &mut errors);
        let definition = match (trigger, errors.errors()) {
            (Some(mut trigger), None) => {
                let places =
                    actions.iter().enumerate().map(|(place, action)| (action.name.clone(), place)).collect();
                let connections = connections.clone();
                secrecy::apply(&mut trigger, &mut actions, &bodies, &mut outputs, &secure_parameters);
                let logic = Logic { trigger, actions, bodies, parameters, outputs, places };
                Ok(Definition { logic: Arc::new(logic), connections })
            }
            (_, errors) => Err(errors.unwrap_or(DefinitionErrors(Vec::new()))),
        };
        Self { connections, calls, definition }
    }
}

impl Definition {
    /// Parses `definition` and `connectionReferences` of a flow's `properties`.
    pub(crate) fn read(definition: &Value, references: &Value) -> Result<Self, DefinitionErrors> {
        Reading::of(definition, references).definition
    }

    /// Parses a definition that was saved, perhaps by an earlier version.
    pub(crate) fn restore(definition: &Value, references: &Value) -> Result<Self, DefinitionErrors> {
        Reading::with(definition, references, Collected::of_stored()).definition
    }

    /// Returns a saved definition with this logic, or `None` if its references cannot be parsed.
    pub(crate) fn of_logic(logic: Arc<Logic>, references: &Value) -> Option<Self> {
        let mut errors = Collected::of_stored();
        let connections = references::read(&Node::new(REFERENCES, references), &mut errors);
        errors.errors().is_none().then_some(Self { logic, connections })
    }

    /// Replaces the logic by an equal one.
    pub(crate) fn with_logic(self, logic: Arc<Logic>) -> Self {
        Self { logic, ..self }
    }

    pub(crate) const fn logic(&self) -> &Arc<Logic> {
        &self.logic
    }

    /// Returns the connections of its references, by name.
    pub(crate) fn connection_names(&self) -> impl Iterator<Item = &str> {
        self.connections.values().filter_map(|reference| reference.connection.as_deref())
    }
}

impl Deref for Definition {
    type Target = Logic;

    fn deref(&self) -> &Logic {
        &self.logic
    }
}

impl Logic {
    /// Whether an action can wait to be called back.
    pub(crate) fn has_webhook_actions(&self) -> bool {
        self.actions.iter().any(|action| matches!(action.kind, ActionKind::Webhook(_)))
    }

    /// Returns the places of a body's actions.
    pub(crate) fn members(&self, body: usize) -> &[usize] {
        self.bodies.get(body).map_or(&[], |body| &body.members)
    }

    /// Returns the body of the loop at a place.
    pub(crate) fn body_of_loop(&self, place: usize) -> Option<usize> {
        self.bodies.iter().position(|body| body.of == Some(place))
    }

    /// Returns the place of an action.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
