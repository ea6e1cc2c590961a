//! Parses the operations of a connector from its swagger (OpenAPI 2.0).

use std::collections::HashMap;

use http::Method;
use serde_json::Value;

/// The maximum number of operations of a connector.
const OPERATIONS_MAX: usize = 2_000;
/// The maximum number of parameters of an operation, as in the hub.
const PARAMETERS_MAX: usize = 200;

/// Where a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Body,
}

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) required: bool,
    pub(super) default: Option<Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// The path below the connection's runtime URL, with `{names}`.
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
    /// The parameter for the address to call back (`x-ms-notification-url`), with the members below
    /// a body: `hook/notificationUrl`.
    pub(super) notification_url: Option<String>,
}

/// The operations, by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Operations(HashMap<String, Operation>);

impl Operations {
    /// Parses a swagger document. Skips operations without an id.
    pub(super) fn read(swagger: &Value) -> Self {
        let mut operations = HashMap::new();
        let paths = swagger.get("paths").and_then(Value::as_object);
        for (path, item) in paths.into_iter().flatten() {
            for method in [
                Method::GET,
                Method::PUT,
                Method::POST,
                Method::DELETE,
                Method::PATCH,
                Method::HEAD,
                Method::OPTIONS,
            ] {
                let Some(written) = item.get(method.as_str().to_ascii_lowercase()) else { continue };
                let Some(id) = written.get("operationId").and_then(Value::as_str) else { continue };
                if operations.len() >= OPERATIONS_MAX {
                    return Self(operations);
                }
                let mut parameters = Vec::new();
                let mut notification_url = None;
                // The operation's own parameters come before those of its path and override them.
                for list in [written.get("parameters"), item.get("parameters")] {
                    for one in list.and_then(Value::as_array).into_iter().flatten().take(PARAMETERS_MAX) {
                        notification_url = notification_url.or_else(|| marked(swagger, one));
                        if let Some(parameter) = parameter(swagger, one)
                            && !parameters.iter().any(|known: &Parameter| {
                                known.name == parameter.name && known.place == parameter.place
                            })
                        {
                            parameters.push(parameter);
                        }
                    }
                }
                // An export of the platform has the connection in the path; here it is part of the
                // runtime URL.
                let path = path.strip_prefix("/{connectionId}").unwrap_or(path).to_owned();
                parameters
                    .retain(|parameter| parameter.name != "connectionId" || parameter.place != Place::Path);
                operations.insert(id.to_owned(), Operation { method, path, parameters, notification_url });
            }
        }
        Self(operations)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Operation> {
        self.0.get(id)
    }
}

/// The maximum depth at which the address to call back is looked for in a body.
const MARKED_DEPTH_MAX: usize = 4;

fn resolve<'a>(swagger: &'a Value, written: &'a Value) -> Option<&'a Value> {
    match written.get("$ref").and_then(Value::as_str) {
        Some(reference) => swagger.pointer(reference.strip_prefix('#')?),
        None => Some(written),
    }
}

/// Returns the name of what is marked for the address to call back in a parameter.
fn marked(swagger: &Value, written: &Value) -> Option<String> {
    let written = resolve(swagger, written)?;
    let name = written.get("name")?.as_str()?;
    if is_marked(written) {
        return Some(name.to_owned());
    }
    let below = marked_below(swagger, written.get("schema")?, MARKED_DEPTH_MAX)?;
    Some(if below.is_empty() { name.to_owned() } else { format!("{name}/{below}") })
}

fn marked_below(swagger: &Value, schema: &Value, depth: usize) -> Option<String> {
    let schema = resolve(swagger, schema)?;
    if is_marked(schema) {
        return Some(String::new());
    }
    let deeper = depth.checked_sub(1)?;
    schema.get("properties")?.as_object()?.iter().take(PARAMETERS_MAX).find_map(|(name, member)| {
        let below = marked_below(swagger, member, deeper)?;
        Some(if below.is_empty() { name.clone() } else { format!("{name}/{below}") })
    })
}

fn is_marked(written: &Value) -> bool {
    written.get("x-ms-notification-url").is_some_and(|mark| *mark == true || *mark == "true")
}

fn parameter(swagger: &Value, written: &Value) -> Option<Parameter> {
    let written = match written.get("$ref").and_then(Value::as_str) {
        Some(reference) => swagger.pointer(reference.strip_prefix('#')?)?,
        None => written,
    };
    let place = match written.get("in")?.as_str()? {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" => Place::Header,
        "body" => Place::Body,
        _ => return None,
    };
    Some(Parameter {
        name: written.get("name")?.as_str()?.to_owned(),
        place,
        required: written.get("required").and_then(Value::as_bool).unwrap_or(false),
        default: written.get("default").or_else(|| written.get("schema")?.get("default")).cloned(),
    })
}
