//! A flow's definition: parses the documented JSON (reference §6.1), or rejects it with the path of
//! each error.

mod action;
mod action_reader;
mod condition;
mod limits;
mod node;
mod order;
mod references;
mod refusal;
mod retry_policy;
mod trigger;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

pub(crate) use action::{Action, ActionKind, CallSite, ConnectorCall, Scope};
pub(crate) use references::ConnectionReference;
pub(crate) use refusal::{DefinitionError, DefinitionErrors};
pub(crate) use trigger::{Trigger, TriggerKind};

use action_reader::Reader;
use node::Node;
use refusal::Collected;

/// A valid definition.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub trigger: Trigger,
    /// All actions, including those inside conditions. Each follows its condition and the actions
    /// it runs after.
    pub actions: Vec<Action>,
    /// The parameters and their defaults. `$authentication` contains nothing that a flow could
    /// read.
    pub parameters: BTreeMap<String, Value>,
    pub connections: BTreeMap<String, ConnectionReference>,
    places: HashMap<String, usize>,
}

/// A definition as far as it can be parsed.
#[derive(Debug)]
pub(crate) struct Reading {
    pub connections: BTreeMap<String, ConnectionReference>,
    /// The operations that its actions call.
    pub calls: Vec<CallSite>,
    /// The definition, or all that is wrong with it.
    pub definition: Result<Definition, DefinitionErrors>,
}

impl Reading {
    /// Parses `definition` and `connectionReferences` of a flow's `properties`.
    pub(crate) fn of(definition: &Value, references: &Value) -> Self {
        let mut errors = Collected::default();
        let node = Node::new("properties.definition", definition);
        let known = [
            "$schema",
            "contentVersion",
            "parameters",
            "triggers",
            "actions",
            "outputs",
            "description",
            "metadata",
        ];
        errors.keep(node.only(&known));
        let is_object = definition.is_object();
        if let Some(outputs) = node.optional("outputs")
            && errors.keep(outputs.object()).is_some_and(|outputs| !outputs.is_empty())
        {
            errors.push(
                outputs.refuse("the outputs of a whole flow are not evaluated here", "leave outputs empty"),
            );
        }
        let parameters = parameters(&node, &mut errors);
        let triggers = is_object.then(|| node.required("triggers", "give exactly one trigger"));
        let trigger =
            triggers.and_then(|triggers| errors.keep(triggers.and_then(|node| Trigger::read(&node))));
        let mut reader = Reader::new(parameters.keys().cloned().collect(), errors);
        if let Some(actions) = node.optional("actions") {
            reader.read(&actions, Scope::Flow, 1);
        }
        let (actions, calls, mut errors) = reader.finish();
        let connections =
            references::read(&Node::new("properties.connectionReferences", references), &mut errors);
        let definition = match (trigger, errors.errors()) {
            (Some(trigger), None) => {
                let places =
                    actions.iter().enumerate().map(|(place, action)| (action.name.clone(), place)).collect();
                Ok(Definition { trigger, actions, parameters, connections: connections.clone(), places })
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

    /// Returns the connections of its references, by name.
    pub(crate) fn connection_names(&self) -> impl Iterator<Item = &str> {
        self.connections.values().filter_map(|reference| reference.connection.as_deref())
    }

    /// Returns the place of an action.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

fn parameters(node: &Node<'_>, errors: &mut Collected) -> BTreeMap<String, Value> {
    let mut parameters = BTreeMap::new();
    // Every cloud flow has these two, declared or not.
    for name in ["$connections", "$authentication"] {
        parameters.insert(name.to_owned(), Value::Object(serde_json::Map::new()));
    }
    let Some(declared) = node.optional("parameters") else { return parameters };
    for (name, declared) in errors.keep(declared.members()).unwrap_or_default() {
        let default = errors.keep(parameter(&name, &declared)).flatten();
        // A parameter with an error counts as declared: expressions that use it have none.
        if name != "$authentication" && name != "$connections" {
            parameters.insert(name, default.unwrap_or_default());
        }
    }
    parameters
}

/// Returns the default of a parameter. Those of the two that the engine fills in do not matter.
fn parameter(name: &str, node: &Node<'_>) -> Result<Option<Value>, DefinitionError> {
    limits::name(node, name)?;
    node.only(&["type", "defaultValue", "metadata", "allowedValues", "description"])?;
    let kind = node.required("type", "give the parameter a type")?;
    let kinds = ["String", "SecureString", "Int", "Float", "Bool", "Array", "Object", "SecureObject"];
    if !kinds.iter().any(|known| kind.text().is_ok_and(|text| text.eq_ignore_ascii_case(known))) {
        return Err(kind.refuse("this is not a parameter type", &format!("use one of {}", kinds.join(", "))));
    }
    if name == "$authentication" || name == "$connections" {
        return Ok(None);
    }
    match node.optional("defaultValue") {
        Some(default) => Ok(Some(default.value().clone())),
        None => Err(node.refuse("the parameter has no value", "give it a defaultValue")),
    }
}

#[cfg(test)]
mod tests;
