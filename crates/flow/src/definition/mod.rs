//! A flow's definition: parses the documented JSON (reference §6.1), or rejects it with the path of
//! the error.

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

pub(crate) use action::{Action, ActionKind, ConnectorCall, Scope};
pub(crate) use references::ConnectionReference;
pub(crate) use refusal::DefinitionError;
pub(crate) use trigger::{Trigger, TriggerKind};

use action_reader::Reader;
use node::Node;

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

impl Definition {
    /// Parses `definition` and `connectionReferences` of a flow's `properties`.
    pub(crate) fn read(definition: &Value, references: &Value) -> Result<Self, DefinitionError> {
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
        node.only(&known)?;
        if let Some(outputs) = node.optional("outputs")
            && !outputs.object()?.is_empty()
        {
            return Err(
                outputs.refuse("the outputs of a whole flow are not evaluated here", "leave outputs empty")
            );
        }
        let parameters = parameters(&node)?;
        let trigger = Trigger::read(&node.required("triggers", "give exactly one trigger")?)?;
        let mut reader = Reader::new(parameters.keys().cloned().collect());
        if let Some(actions) = node.optional("actions") {
            reader.read(&actions, Scope::Flow, 1)?;
        }
        let actions = reader.finish()?;
        let connections = references::read(&Node::new("properties.connectionReferences", references))?;
        let places = actions.iter().enumerate().map(|(place, action)| (action.name.clone(), place)).collect();
        Ok(Self { trigger, actions, parameters, connections, places })
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

fn parameters(node: &Node<'_>) -> Result<BTreeMap<String, Value>, DefinitionError> {
    let mut parameters = BTreeMap::new();
    // Every cloud flow has these two, declared or not.
    for name in ["$connections", "$authentication"] {
        parameters.insert(name.to_owned(), Value::Object(serde_json::Map::new()));
    }
    let Some(declared) = node.optional("parameters") else { return Ok(parameters) };
    for (name, parameter) in declared.members()? {
        limits::name(&parameter, &name)?;
        parameter.only(&["type", "defaultValue", "metadata", "allowedValues", "description"])?;
        let kind = parameter.required("type", "give the parameter a type")?;
        let kinds = ["String", "SecureString", "Int", "Float", "Bool", "Array", "Object", "SecureObject"];
        if !kinds.iter().any(|known| kind.text().is_ok_and(|text| text.eq_ignore_ascii_case(known))) {
            return Err(
                kind.refuse("this is not a parameter type", &format!("use one of {}", kinds.join(", ")))
            );
        }
        if name == "$authentication" || name == "$connections" {
            continue;
        }
        let Some(default) = parameter.optional("defaultValue") else {
            return Err(parameter.refuse("the parameter has no value", "give it a defaultValue"));
        };
        parameters.insert(name, default.value().clone());
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests;
