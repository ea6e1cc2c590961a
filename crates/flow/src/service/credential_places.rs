//! Where a definition has credentials: in the `authentication` and the headers of requests, and in
//! secure parameters. Members of these names are data everywhere else.

use serde_json::{Map, Value};

use crate::definition::is_credential_header;
use crate::expression::Template;

/// The maximum depth at which a definition has actions.
const DEPTH_MAX: usize = 64;

/// The members of `authentication` that are secrets.
const SECRETS: [&str; 4] = ["password", "secret", "pfx", "value"];

/// Types of actions and triggers that send requests with an `authentication` of their own.
const AUTHENTICATED: [&str; 12] = [
    "http",
    "httpwebhook",
    "httpswagger",
    "function",
    "apimanagement",
    "appservice",
    "apiconnection",
    "apiconnectionwebhook",
    "apiconnectionnotification",
    "openapiconnection",
    "openapiconnectionwebhook",
    "openapiconnectionnotification",
];

/// Those of them whose headers are sent as they are.
const WITH_HEADERS: [&str; 6] =
    ["http", "httpwebhook", "httpswagger", "function", "apimanagement", "appservice"];

/// What a credential belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Owner {
    Parameter(String),
    /// A flow has one trigger, whatever its name.
    Trigger,
    /// An action, wherever it is: its name is unique in the flow.
    Action(String),
}

/// A parameter, trigger or action, which can have credentials.
pub(super) struct Holder<'a> {
    pub(super) owner: Owner,
    /// The path below the definition.
    pub(super) path: String,
    pub(super) value: &'a mut Value,
}

/// Calls `f` with each parameter, trigger and action of a definition.
pub(super) fn holders(definition: &mut Value, f: &mut dyn FnMut(Holder<'_>)) {
    for (name, value) in members_mut(definition, "parameters") {
        let path = format!("parameters.{name}");
        f(Holder { owner: Owner::Parameter(name.clone()), path, value });
    }
    for (name, value) in members_mut(definition, "triggers") {
        f(Holder { owner: Owner::Trigger, path: format!("triggers.{name}"), value });
    }
    actions(definition, "", 0, f);
}

fn actions(holder: &mut Value, path: &str, depth: usize, f: &mut dyn FnMut(Holder<'_>)) {
    if depth >= DEPTH_MAX {
        return;
    }
    let prefix = |path: &str| if path.is_empty() { String::new() } else { format!("{path}.") };
    for (name, action) in members_mut(holder, "actions") {
        let path = format!("{}actions.{name}", prefix(path));
        f(Holder { owner: Owner::Action(name.clone()), path: path.clone(), value: action });
        let kind = type_of(action);
        if !["scope", "foreach", "until", "if", "switch"].contains(&kind.as_str()) {
            continue;
        }
        actions(action, &path, depth + 1, f);
        for branch in ["else", "default"] {
            if let Some(inner) = action.get_mut(branch) {
                actions(inner, &format!("{path}.{branch}"), depth + 1, f);
            }
        }
        for (case, inner) in members_mut(action, "cases") {
            actions(inner, &format!("{path}.cases.{case}"), depth + 1, f);
        }
    }
}

fn members_mut<'a>(value: &'a mut Value, member: &str) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    value.get_mut(member).and_then(Value::as_object_mut).into_iter().flat_map(Map::iter_mut)
}

fn type_of(value: &Value) -> String {
    value.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
}

/// Calls `f` with each literal credential of a parameter, trigger or action: with what it is (which
/// does not depend on names), its path below the holder, and the value.
pub(super) fn credentials(owner: &Owner, value: &mut Value, f: &mut dyn FnMut(&str, &str, &mut Value)) {
    let kind = type_of(value);
    if let Owner::Parameter(_) = owner {
        if ["securestring", "secureobject"].contains(&kind.as_str()) {
            for member in ["defaultValue", "value", "allowedValues"] {
                if let Some(value) = value.get_mut(member).filter(|value| !is_empty(value)) {
                    f(member, member, value);
                }
            }
        }
        return;
    }
    if !AUTHENTICATED.contains(&kind.as_str()) {
        return;
    }
    let has_headers = WITH_HEADERS.contains(&kind.as_str());
    let Some(inputs) = value.get_mut("inputs") else { return };
    of_request(inputs, "inputs", has_headers, f);
    if kind == "httpwebhook" {
        for member in ["subscribe", "unsubscribe"] {
            if let Some(request) = inputs.get_mut(member) {
                of_request(request, &format!("inputs.{member}"), has_headers, f);
            }
        }
    }
}

fn of_request(request: &mut Value, path: &str, has_headers: bool, f: &mut dyn FnMut(&str, &str, &mut Value)) {
    if let Some(authentication) = request.get_mut("authentication").filter(|value| value.is_object()) {
        let kind = type_of(authentication);
        for secret in SECRETS {
            if let Some(value) = authentication.get_mut(secret).filter(|value| is_literal(value)) {
                let path = format!("{path}.authentication.{secret}");
                f(&format!("{path} of {kind}"), &path, value);
            }
        }
    }
    if has_headers {
        for (name, value) in members_mut(request, "headers") {
            if is_credential_header(name) && is_literal(value) {
                let path = format!("{path}.headers.{name}");
                f(&path.to_ascii_lowercase(), &path, value);
            }
        }
    }
}

/// Whether a value is one of its own, rather than an expression.
fn is_literal(value: &Value) -> bool {
    !is_empty(value) && Template::read(value).map_or(true, |template| template.is_literal())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
