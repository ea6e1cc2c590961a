//! The operation that tests a connection (`x-ms-capabilities.testConnection`): a GET with no or
//! fixed parameters.

use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

use crate::path::{encoded_template, percent_encode};

/// The maximum length of path and query, in bytes.
const TARGET_BYTES_MAX: usize = 4_096;

/// The call that tests a connection. Only its status counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestCall {
    /// Relative to the base path.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
}

impl TestCall {
    /// Reads the call from a swagger. `None` if there is no such operation, or its values do not
    /// make a call: a parameter of the path has no value, or a value has no parameter.
    pub(super) fn read(document: &Map<String, Value>) -> Option<Self> {
        let test = document.get("x-ms-capabilities")?.get("testConnection")?;
        let id = test.get("operationId")?.as_str()?;
        let paths = document.get("paths")?.as_object()?;
        let (template, item) = paths.iter().find(|(_, item)| {
            item.get("get")
                .and_then(|operation| operation.get("operationId"))
                .is_some_and(|given| given == id)
        })?;
        let in_query: Vec<&str> = [item.get("parameters"), item["get"].get("parameters")]
            .into_iter()
            .flat_map(|list| list.and_then(Value::as_array).into_iter().flatten())
            .map(|parameter| resolved(document, parameter))
            .filter(|parameter| parameter.get("in").is_some_and(|place| place == "query"))
            .filter_map(|parameter| parameter.get("name").and_then(Value::as_str))
            .collect();
        // A query in the document is not part of the template.
        let mut path = encoded_template(template.split('?').next().unwrap_or_default());
        let mut query = Serializer::new(String::new());
        for (name, value) in test.get("parameters").and_then(Value::as_object).into_iter().flatten() {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
            };
            let place = format!("{{{name}}}");
            if path.contains(&place) {
                path = path.replace(&place, &percent_encode(&value));
            } else if in_query.contains(&name.as_str()) {
                query.append_pair(name, &value);
            } else {
                return None;
            }
        }
        let query = Some(query.finish()).filter(|query| !query.is_empty());
        let call = Self { path, query };
        (!call.path.contains('{') && call.target().len() <= TARGET_BYTES_MAX).then_some(call)
    }

    /// Returns path and query.
    pub(crate) fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

/// Returns a parameter, which can be a reference to one that operations share.
fn resolved<'a>(document: &'a Map<String, Value>, parameter: &'a Value) -> &'a Value {
    let name = parameter.get("$ref").and_then(Value::as_str);
    name.and_then(|name| name.strip_prefix("#/parameters/"))
        .and_then(|name| document.get("parameters")?.get(name))
        .unwrap_or(parameter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(test: Value) -> Option<String> {
        let document = json!({
            "x-ms-capabilities": {"testConnection": test},
            "parameters": {"top": {"name": "$top", "in": "query", "type": "integer"}},
            "paths": {
                "/me": {"get": {"operationId": "Me"}, "post": {"operationId": "Create"}},
                "/lists/{list}/items": {
                    "parameters": [{"name": "list", "in": "path"}],
                    "get": {"operationId": "Items", "parameters": [
                        {"$ref": "#/parameters/top"}, {"name": "filter", "in": "query"}, {"name": "x-team", "in": "header"},
                    ]},
                },
            },
        });
        TestCall::read(document.as_object().expect("an object")).map(|call| call.target())
    }

    #[test]
    fn a_test_is_a_get_with_no_or_fixed_parameters() {
        let items = |parameters: Value| json!({"operationId": "Items", "parameters": parameters});
        for (test, expected) in [
            (json!({"operationId": "Me"}), Some("/me")),
            (json!({"operationId": "Me", "parameters": {}}), Some("/me")),
            (items(json!({"list": 7})), Some("/lists/7/items")),
            (
                items(json!({"list": "a b/c?", "$top": 1, "filter": "x&y"})),
                Some("/lists/a%20b%2Fc%3F/items?%24top=1&filter=x%26y"),
            ),
            // Not a call: no value for the path, no such parameter, no text, no GET, no operation.
            (items(json!({})), None),
            (items(json!({"list": 7, "limit": 1})), None),
            (items(json!({"list": 7, "x-team": "a"})), None),
            (items(json!({"list": {"a": 1}})), None),
            (items(json!({"list": "a".repeat(TARGET_BYTES_MAX)})), None),
            (json!({"operationId": "Create"}), None),
            (json!({"operationId": "Nothing"}), None),
            (json!([]), None),
        ] {
            assert_eq!(target(test.clone()).as_deref(), expected, "{test:.120}");
        }
    }
}
