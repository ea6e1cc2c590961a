//! Parses the actions for variables.

use serde_json::json;

use super::action::ActionKind;
use super::limits;
use super::literals;
use super::node::Node;
use super::refusal::Collected;
use super::template_reader::{optional, required};
use super::variable::{Initial, VariableChange, VariableType};
use crate::expression::Template;

pub(super) fn initialize(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["variables"]));
    let variables = errors.keep(inputs.required("variables", "declare a variable"))?;
    let elements = errors.keep(variables.elements())?;
    if elements.is_empty() {
        errors.push(variables.refuse("no variable is declared", "write [{\"name\": …, \"type\": …}]"));
    }
    let mut list = Vec::new();
    for element in elements {
        errors.keep(element.only(&["name", "type", "value"]));
        let name = errors.keep(element.required("name", "give the variable a name").and_then(|node| {
            limits::name(&node, node.text()?)?;
            Ok(node.text()?.to_owned())
        }));
        let kind = element.required("type", "give the variable a type");
        let kind = errors.keep(kind.and_then(|node| VariableType::read(&node)));
        let value = optional(&element, "value", errors);
        if let Some(kind) = kind {
            literals::follows(&element, "value", |value| kind.check(value), errors);
        }
        list.extend(name.zip(kind).map(|(name, kind)| Initial { name, kind, value }));
    }
    Some(ActionKind::InitializeVariable(list))
}

pub(super) fn change(kind: &str, inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["name", "value"]));
    let name =
        errors.keep(inputs.required("name", "name a variable")).and_then(|node| errors.keep(node.text()));
    let change = match kind {
        "incrementvariable" => VariableChange::Increment,
        "decrementvariable" => VariableChange::Decrement,
        "appendtoarrayvariable" => VariableChange::AppendToArray,
        "appendtostringvariable" => VariableChange::AppendToString,
        _ => VariableChange::Set,
    };
    let counts = matches!(change, VariableChange::Increment | VariableChange::Decrement);
    if counts {
        literals::follows(inputs, "value", |value| VariableType::Float.check(value), errors);
    }
    let value = match inputs.value().get("value") {
        // The platform counts by one.
        None if counts => Template::read(&json!(1)).ok(),
        // Null removes the value of a variable.
        Some(serde_json::Value::Null) if change == VariableChange::Set => {
            Template::read(&serde_json::Value::Null).ok()
        }
        _ => required(inputs, "value", "give the value", errors),
    };
    Some(ActionKind::ChangeVariable { change, name: name?.to_owned(), value: value? })
}
