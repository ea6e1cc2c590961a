//! Builds a request from an operation and its parameters. Pure.

use http::{HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::operation::{Operation, Parameter, Place};
use crate::definition::values::RESERVED;
use crate::engine::Failure;

/// The maximum number of segments of a parameter name below a body (`body/order/item`).
const NAME_SEGMENTS_MAX: usize = 32;

/// A request below a connection's runtime URL.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path_and_query: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Option<Value>,
}

/// Builds the request, with the parameters where the operation expects them.
pub(super) fn build(operation: &Operation, values: &Map<String, Value>) -> Result<Request, Failure> {
    let mut path = operation.path.clone();
    let mut query = String::new();
    let mut headers = Vec::new();
    let mut body: Option<Value> = None;
    for name in values.keys() {
        if target(operation, name).is_none() {
            return Err(Failure::new(
                "WorkflowOperationParametersExtraParameter",
                format!("The API operation does not contain a definition for parameter '{}'.", cut(name)),
            ));
        }
    }
    for parameter in &operation.parameters {
        let given =
            values.get(&parameter.name).filter(|value| !value.is_null()).or(parameter.default.as_ref());
        if parameter.place == Place::Body {
            body = body_of(parameter, given, values)?;
        }
        let present = given.is_some() || (parameter.place == Place::Body && body.is_some());
        if !present && (parameter.required || parameter.place == Place::Path) {
            return Err(Failure::new(
                "WorkflowOperationParametersRuntimeMissingValue",
                format!(
                    "The required parameter '{}' of the API operation has no value.",
                    cut(&parameter.name)
                ),
            ));
        }
        let Some(value) = given else { continue };
        match parameter.place {
            Place::Path => {
                let text = plain(value);
                if text.is_empty() || text == "." || text == ".." {
                    return Err(invalid(&parameter.name, "it cannot be part of a path"));
                }
                path = path.replace(&format!("{{{}}}", parameter.name), &encode(&text));
            }
            Place::Query => {
                query.push(if query.is_empty() { '?' } else { '&' });
                query.push_str(&encode(&parameter.name));
                query.push('=');
                query.push_str(&encode(&plain(value)));
            }
            Place::Header => {
                let name = HeaderName::try_from(parameter.name.as_str())
                    .ok()
                    .filter(|name| !RESERVED.contains(&name.as_str()));
                let value = HeaderValue::try_from(plain(value)).ok();
                let (Some(name), Some(value)) = (name, value) else {
                    return Err(invalid(&parameter.name, "it cannot be sent as a header"));
                };
                headers.push((name, value));
            }
            Place::Body => {}
        }
    }
    if path.contains(['{', '}', '?', '#', '\\']) || path.split('/').any(|segment| segment == "..") {
        return Err(Failure::new(
            "BadRequest",
            "The path of the API operation has a parameter that is not defined.",
        ));
    }
    Ok(Request { method: operation.method.clone(), path_and_query: legal(&path) + &query, headers, body })
}

/// Returns the parameter of a name; for `order/customer`, the body parameter `order`.
fn target<'a>(operation: &'a Operation, name: &str) -> Option<&'a Parameter> {
    let exact = operation.parameters.iter().find(|parameter| parameter.name == name);
    exact.or_else(|| {
        let (body, _) = name.split_once('/')?;
        operation.parameters.iter().find(|parameter| parameter.place == Place::Body && parameter.name == body)
    })
}

fn body_of(
    parameter: &Parameter,
    whole: Option<&Value>,
    values: &Map<String, Value>,
) -> Result<Option<Value>, Failure> {
    let mut body = whole.cloned();
    for (name, value) in values {
        let Some(below) = name.strip_prefix(&parameter.name).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        if value.is_null() {
            continue;
        }
        let mut place = body.get_or_insert_with(|| Value::Object(Map::new()));
        if below.split('/').nth(NAME_SEGMENTS_MAX).is_some() {
            return Err(invalid(name, "its name has more than 32 segments"));
        }
        for step in below.split('/') {
            let Value::Object(map) = place else {
                return Err(invalid(name, "a value above it is not an object"));
            };
            place = map.entry(step).or_insert_with(|| Value::Object(Map::new()));
        }
        *place = value.clone();
    }
    Ok(body)
}

fn invalid(name: &str, why: &str) -> Failure {
    Failure::new("BadRequest", format!("The value of parameter '{}' is not valid: {why}.", cut(name)))
}

fn cut(name: &str) -> String {
    name.chars().take(100).collect()
}

/// Formats a value as text; arrays with commas, the default of swagger.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// What cannot be in a path or query.
const NOT_IN_PATHS: AsciiSet =
    CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');
/// Everything but the unreserved characters of RFC 3986 and `$`, with which query options begin.
const NOT_IN_VALUES: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'$');

/// Percent-encodes what cannot be in a path or query. What is encoded already stays as it is.
pub(super) fn legal(path: &str) -> String {
    utf8_percent_encode(path, &NOT_IN_PATHS).to_string()
}

/// Percent-encodes the value of a parameter.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, &NOT_IN_VALUES).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::operation::Operations;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn operations() -> Operations {
        Operations::read(&json!({
            "swagger": "2.0", "host": "orders.contoso.example", "basePath": "/",
            "parameters": {"top": {"name": "$top", "in": "query", "type": "integer", "default": 20}},
            "paths": {
                "/orders": {
                    "get": {"operationId": "ListOrders", "parameters": [
                        {"$ref": "#/parameters/top"}, {"name": "status", "in": "query", "type": "array"},
                        {"name": "x-lang", "in": "header", "type": "string"}]},
                    "post": {"operationId": "CreateOrder", "parameters": [
                        {"name": "order", "in": "body", "required": true, "schema": {"type": "object"}}]}
                },
                "/{connectionId}/orders/{id}": {
                    "parameters": [{"name": "connectionId", "in": "path", "required": true}, {"name": "id", "in": "path", "required": true}],
                    "get": {"operationId": "GetOrder"}
                },
                "/all orders/{id}": {"parameters": [{"name": "id", "in": "path", "required": true}], "get": {"operationId": "Spaced"}},
                "/bad/{missing}": {"get": {"operationId": "Bad", "parameters": [{"name": "authorization", "in": "header"}]}}
            }
        }))
    }

    fn built(id: &str, values: Value) -> Result<(String, Option<Value>), String> {
        let operations = operations();
        let values = values.as_object().expect("an object").clone();
        build(operations.get(id).expect("an operation"), &values)
            .map(|request| (format!("{} {}", request.method, request.path_and_query), request.body))
            .map_err(|failure| format!("{}: {}", failure.code, failure.message))
    }

    #[test]
    fn parameters_are_sent_where_the_swagger_says() {
        for (id, values, line, body) in [
            ("ListOrders", json!({}), "GET /orders?$top=20", None),
            ("Spaced", json!({"id": "a b%"}), "GET /all%20orders/a%20b%25", None),
            (
                "ListOrders",
                json!({"$top": 5, "status": ["new", "a&b"]}),
                "GET /orders?$top=5&status=new%2Ca%26b",
                None,
            ),
            ("GetOrder", json!({"id": "o 1/2?"}), "GET /orders/o%201%2F2%3F", None),
            (
                "CreateOrder",
                json!({"order": {"item": "lamp"}}),
                "POST /orders",
                Some(json!({"item": "lamp"})),
            ),
            (
                "CreateOrder",
                json!({"order/item": "lamp", "order/to/city": "Ulm"}),
                "POST /orders",
                Some(json!({"item": "lamp", "to": {"city": "Ulm"}})),
            ),
        ] {
            assert_eq!(built(id, values.clone()), Ok((line.to_owned(), body)), "{id} {values}");
        }
    }

    #[test]
    fn invalid_parameters_are_rejected() {
        for (id, values, expected) in [
            (
                "GetOrder",
                json!({}),
                "WorkflowOperationParametersRuntimeMissingValue: The required parameter 'id'",
            ),
            ("GetOrder", json!({"id": ".."}), "cannot be part of a path"),
            (
                "GetOrder",
                json!({"id": "1", "extra": 1}),
                "ExtraParameter: The API operation does not contain a definition for parameter 'extra'",
            ),
            ("CreateOrder", json!({}), "The required parameter 'order'"),
            ("CreateOrder", json!({"order": 1, "order/item": 2}), "not an object"),
            ("ListOrders", json!({"x-lang": "a\nb"}), "cannot be sent as a header"),
            ("Bad", json!({}), "not defined"),
            ("Bad", json!({"authorization": "Key x"}), "cannot be sent as a header"),
        ] {
            let error = built(id, values.clone()).expect_err(&values.to_string());
            assert!(error.contains(expected), "{id} {values}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_path_segment(id in "\\PC{1,40}") {
            if let Ok((line, _)) = built("GetOrder", json!({"id": id})) {
                let segment = line.strip_prefix("GET /orders/").expect("the path");
                prop_assert!(segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~$%".contains(&b)), "{}", segment);
            }
        }
    }
}
