//! The parameters and outputs of a definition.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::action::{Action, ActionKind};
use super::node::{Node, QUOTED_MAX};
use super::refusal::{Collected, DefinitionError};
use super::template_reader::templates_in;
use crate::expression::Template;

/// The parameters that every cloud flow has, declared or not. The engine sets them.
const SET_BY_ENGINE: [&str; 2] = ["$connections", "$authentication"];

/// The maximum length of a parameter's name: environment variables have their display name and
/// their schema name in it.
const NAME_CHARACTERS_MAX: usize = 256;

const TYPES: [&str; 8] =
    ["String", "SecureString", "Int", "Float", "Bool", "Array", "Object", "SecureObject"];

/// Returns the parameters with their defaults.
pub(super) fn read(definition: &Node<'_>, errors: &mut Collected) -> BTreeMap<String, Value> {
    let mut parameters = BTreeMap::new();
    for name in SET_BY_ENGINE {
        parameters.insert(name.to_owned(), Value::Object(Map::new()));
    }
    let Some(declared) = definition.optional("parameters") else { return parameters };
    for (name, declared) in errors.keep(declared.members()).unwrap_or_default() {
        let default = errors.keep(default_of(&name, &declared)).flatten();
        if let Some(value) = &default {
            let mut new = Collected::default();
            new.keep(check_value(&declared, value));
            errors.extend_new(new);
        }
        // A parameter with an error counts as declared: expressions that use it have none.
        if !SET_BY_ENGINE.contains(&name.as_str()) {
            parameters.insert(name, default.unwrap_or_default());
        }
    }
    parameters
}

/// Returns the default of a parameter. Those of the two that the engine sets do not matter.
fn default_of(name: &str, node: &Node<'_>) -> Result<Option<Value>, DefinitionError> {
    if name.is_empty() || name.chars().nth(NAME_CHARACTERS_MAX).is_some() {
        let remedy = format!("use a name of 1 to {NAME_CHARACTERS_MAX} characters");
        return Err(node.refuse("the name of the parameter is empty or too long", &remedy));
    }
    node.only(&["type", "defaultValue", "value", "metadata", "allowedValues", "description"])?;
    let written = node.required("type", "give the parameter a type")?;
    let text = written.text()?;
    if !TYPES.into_iter().any(|known| known.eq_ignore_ascii_case(text)) {
        return Err(
            written.refuse("this is not a parameter type", &format!("use one of {}", TYPES.join(", ")))
        );
    }
    if SET_BY_ENGINE.contains(&name) {
        return Ok(None);
    }
    let Some(default) = node.optional("value").or_else(|| node.optional("defaultValue")) else {
        return Err(node.refuse("the parameter has no value", "give it a defaultValue"));
    };
    Ok(Some(default.value().clone()))
}

/// Checks that a value is one of the parameter's type, and allowed.
fn check_value(node: &Node<'_>, value: &Value) -> Result<(), DefinitionError> {
    let kind = node.required("type", "give the parameter a type")?.text()?.to_ascii_lowercase();
    let fits = match kind.as_str() {
        "int" => value.is_i64() || value.is_u64(),
        "float" => value.is_number(),
        "bool" => value.is_boolean(),
        "array" => value.is_array(),
        "object" | "secureobject" => value.is_object(),
        _ => value.is_string(),
    };
    let member = if node.optional("value").is_some() { ".value" } else { ".defaultValue" };
    if !fits {
        let what = format!("this is not a value of type {kind}");
        return Err(node.refuse_at(member, &what, "correct the value or the type"));
    }
    if let Some(allowed) = node.optional("allowedValues")
        && !allowed.elements()?.iter().any(|one| one.value() == value)
    {
        return Err(node.refuse_at(member, "this is not one of the allowedValues", "use one of them"));
    }
    Ok(())
}

/// Returns the names of the parameters whose values are secrets.
pub(super) fn secure_names(definition: &Node<'_>) -> BTreeSet<String> {
    let declared = definition.optional("parameters").and_then(|declared| declared.members().ok());
    let secure = declared.unwrap_or_default().into_iter().filter(|(_, node)| is_secure(node));
    secure.map(|(name, _)| name).filter(|name| !SET_BY_ENGINE.contains(&name.as_str())).collect()
}

/// Whether a type is `SecureString` or `SecureObject`.
fn is_secure(node: &Node<'_>) -> bool {
    let kind = node.optional("type");
    let kind = kind.as_ref().and_then(|kind| kind.text().ok()).unwrap_or_default().to_ascii_lowercase();
    ["securestring", "secureobject"].contains(&kind.as_str())
}

/// An output of the whole flow.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub name: String,
    pub value: Template,
    /// Whether the run history does not show it.
    pub hidden: bool,
}

/// Checks that the outputs of the flow read only actions, variables and parameters that exist.
/// Without actions, which have errors then, only parameters are checked.
pub(super) fn check_outputs(
    definition: &Node<'_>,
    outputs: &[Output],
    actions: &[Action],
    parameters: &BTreeMap<String, Value>,
    errors: &mut Collected,
) {
    let is_incomplete = actions.is_empty() && errors.len() > 0;
    let variables = declared_variables(actions);
    let is_action = |name: &str| actions.iter().any(|action| action.name == name);
    for Output { name, value, .. } in outputs {
        let mut refuse = |what: &str, missing: &str, remedy: &str| {
            let quoted = |text: &str| text.chars().take(QUOTED_MAX).collect::<String>();
            let path = format!(".outputs.{}.value", quoted(name));
            let what = format!("there is no {what} '{}'", quoted(missing));
            errors.keep_new(Err(definition.refuse_at(&path, &what, remedy)));
        };
        let unique = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        for missing in unique(value.parameter_names()).iter().filter(|name| !parameters.contains_key(*name)) {
            refuse("parameter", missing, "declare it in properties.definition.parameters");
        }
        if is_incomplete {
            continue;
        }
        for missing in unique(value.action_names()).iter().filter(|name| !is_action(name)) {
            refuse(
                "action",
                missing,
                "name an action; names are case-sensitive and contain _ instead of spaces",
            );
        }
        for missing in unique(value.names(&["variables"])) {
            if !variables.contains(&missing.to_lowercase()) {
                refuse("variable", &missing, "add an InitializeVariable");
            }
        }
    }
}

fn declared_variables(actions: &[Action]) -> BTreeSet<String> {
    let lists = actions.iter().filter_map(|action| match &action.kind {
        ActionKind::InitializeVariable(list) => Some(list),
        _ => None,
    });
    lists.flatten().map(|variable| variable.name.to_lowercase()).collect()
}

/// Parses the outputs of the whole flow, evaluated when it has ended.
pub(super) fn outputs(definition: &Node<'_>, errors: &mut Collected) -> Vec<Output> {
    let Some(written) = definition.optional("outputs") else { return Vec::new() };
    let mut outputs = Vec::new();
    for (name, node) in errors.keep(written.members()).unwrap_or_default() {
        if errors.keep(node.only(&["type", "value", "description", "metadata"])).is_none() {
            continue;
        }
        let value = errors.keep(node.required("value", "give the value of the output"));
        let value = value.and_then(|value| templates_in(&value, errors));
        outputs.extend(value.map(|value| Output { name, value, hidden: is_secure(&node) }));
    }
    outputs
}
