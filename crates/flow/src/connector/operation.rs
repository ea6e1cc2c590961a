//! The operations of a connector, from its swagger (OpenAPI 2.0).

use std::collections::HashMap;

use http::Method;
use serde_json::Value;

/// Most operations that are read of one connector.
const OPERATIONS_MAX: usize = 2_000;
/// Most parameters of one operation; the hub accepts no more.
const PARAMETERS_MAX: usize = 200;

/// Where a parameter goes.
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

/// An operation: what to call and how.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// The path below the connection's runtime URL, with `{names}`.
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
}

/// All operations, by their id.
#[derive(Clone, Debug, Default)]
pub(super) struct Operations(HashMap<String, Operation>);

impl Operations {
    /// Reads a swagger document; what is not an operation with an id is passed over.
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
                // The operation's own parameters stand before those of its path and win over them.
                for list in [written.get("parameters"), item.get("parameters")] {
                    for one in list.and_then(Value::as_array).into_iter().flatten().take(PARAMETERS_MAX) {
                        if let Some(parameter) = parameter(swagger, one)
                            && !parameters.iter().any(|known: &Parameter| {
                                known.name == parameter.name && known.place == parameter.place
                            })
                        {
                            parameters.push(parameter);
                        }
                    }
                }
                // A platform's own export puts the connection into the path; the runtime URL has it already.
                let path = path.strip_prefix("/{connectionId}").unwrap_or(path).to_owned();
                parameters
                    .retain(|parameter| parameter.name != "connectionId" || parameter.place != Place::Path);
                operations.insert(id.to_owned(), Operation { method, path, parameters });
            }
        }
        Self(operations)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Operation> {
        self.0.get(id)
    }
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
