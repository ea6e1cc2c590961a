//! Parses the actions for variables, and checks that each variable is declared once.

use std::collections::BTreeMap;

use serde_json::json;

use super::action::ActionKind;
use super::action_kind::{optional, required};
use super::action_reader::Reader;
use super::limits::{self, VARIABLES_MAX};
use super::node::{Node, QUOTED_MAX};
use super::refusal::Collected;
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

impl Reader<'_> {
    /// Checks that variables are declared once, at the top level, and that no others are used.
    pub(super) fn check_variables(&mut self) {
        let mut declared: BTreeMap<String, VariableType> = BTreeMap::new();
        let mut found = Vec::new();
        for one in &self.read {
            let ActionKind::InitializeVariable(list) = &one.kind else { continue };
            if one.parent.is_some() {
                found.push(one.node.refuse(
                    "variables are initialized at the top level only",
                    "move this action out of the others, and set the variable here",
                ));
            }
            for variable in list {
                if declared.insert(variable.name.to_lowercase(), variable.kind).is_some() {
                    let what = format!("another action initializes the variable '{}'", variable.name);
                    found.push(one.node.refuse(&what, "use SetVariable to change it"));
                }
            }
            if declared.len() > VARIABLES_MAX {
                let what = format!("there are more than {VARIABLES_MAX} variables");
                found.push(one.node.refuse(&what, "use members of an object"));
                break;
            }
        }
        for one in &self.read {
            let templates = one.kind.templates();
            let mut used: Vec<&str> =
                templates.iter().flat_map(|template| template.names(&["variables"])).collect();
            if let ActionKind::ChangeVariable { change, name, .. } = &one.kind {
                let name = name.as_str();
                if used.iter().any(|used| used.eq_ignore_ascii_case(name)) {
                    let what =
                        format!("the new value of the variable '{name}' refers to the variable itself");
                    found.push(one.node.refuse(&what, "compute it in a Compose first"));
                }
                if let Some(kind) = declared.get(&name.to_lowercase())
                    && !change.fits(*kind)
                {
                    let what =
                        format!("this cannot be done with the variable '{name}' of type {}", kind.name());
                    found.push(one.node.refuse(&what, "use SetVariable"));
                }
                used.push(name);
            }
            used.sort_unstable();
            used.dedup();
            for name in used.into_iter().filter(|name| !declared.contains_key(&name.to_lowercase())) {
                let quoted: String = name.chars().take(QUOTED_MAX).collect();
                found.push(one.node.refuse(
                    &format!("no action initializes the variable '{quoted}'"),
                    "add an InitializeVariable that runs before",
                ));
            }
        }
        for error in found {
            self.errors.push(error);
        }
    }
}

impl VariableChange {
    const fn fits(self, kind: VariableType) -> bool {
        match self {
            Self::Set => true,
            Self::Increment | Self::Decrement => matches!(kind, VariableType::Integer | VariableType::Float),
            Self::AppendToArray => matches!(kind, VariableType::Array),
            Self::AppendToString => matches!(kind, VariableType::String),
        }
    }
}
