//! JSON schemas of `ParseJson` actions and request triggers: the keywords that designers generate.
//! Other keywords, such as `format`, are annotations.

use serde_json::{Map, Value};

use super::node::Node;
use super::refusal::DefinitionError;

/// The maximum depth of a schema, and of a value that is checked.
const DEPTH_MAX: usize = 64;
/// The maximum number of checks for one value, so that references cannot multiply them.
const CHECKS_MAX: usize = 200_000;

/// Why a value was not checked.
const TOO_COMPLEX: &str = "The value or its schema is too complex to be checked.";

/// A schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schema(Value);

/// `any` is of earlier drafts; designers write it for what an app passes on.
const TYPES: [&str; 8] = ["string", "number", "integer", "boolean", "array", "object", "null", "any"];

impl Schema {
    /// Reads a schema; an empty object means no schema.
    pub(super) fn read(node: &Node<'_>) -> Result<Option<Self>, DefinitionError> {
        if node.object()?.is_empty() {
            return Ok(None);
        }
        check(node, 0)?;
        Ok(Some(Self(unescape(node.value()))))
    }

    /// Returns the first difference between a value and the schema, if there is one.
    pub(crate) fn mismatch(&self, value: &Value) -> Option<String> {
        let mut checks = Checks { root: &self.0, left: CHECKS_MAX, is_exhausted: false };
        checks.mismatch(&self.0, value, &mut Vec::new(), 0)
    }
}

/// Replaces `@@` at the beginning of names and texts, with which definitions escape `@`. Called
/// after the depth of the schema was checked.
fn unescape(value: &Value) -> Value {
    let plain = |text: &String| {
        if text.starts_with("@@") { text[1..].to_owned() } else { text.clone() }
    };
    match value {
        Value::String(text) => Value::String(plain(text)),
        Value::Array(items) => items.iter().map(unescape).collect(),
        Value::Object(map) => map.iter().map(|(name, member)| (plain(name), unescape(member))).collect(),
        other => other.clone(),
    }
}

/// Rejects schemas that cannot be used.
fn check(node: &Node<'_>, depth: usize) -> Result<(), DefinitionError> {
    if node.value().is_boolean() {
        return Ok(());
    }
    if depth >= DEPTH_MAX {
        return Err(node.refuse("the schema is nested too deeply", "simplify it"));
    }
    node.object()?;
    if let Some(kind) = node.optional("type") {
        let names = if kind.value().is_array() { kind.elements()? } else { vec![kind] };
        for name in names {
            if !TYPES.contains(&name.text()?) {
                return Err(name.refuse("this is not a type", &format!("use one of {}", TYPES.join(", "))));
            }
        }
    }
    if let Some(properties) = node.optional("properties") {
        for (_, property) in properties.members()? {
            check(&property, depth + 1)?;
        }
    }
    for list in ["anyOf", "allOf", "oneOf"] {
        if let Some(list) = node.optional(list) {
            for element in list.elements()? {
                check(&element, depth + 1)?;
            }
        }
    }
    if let Some(items) = node.optional("items") {
        if items.value().is_array() {
            for element in items.elements()? {
                check(&element, depth + 1)?;
            }
        } else {
            check(&items, depth + 1)?;
        }
    }
    for name in ["additionalProperties", "not"] {
        if let Some(below) = node.optional(name) {
            check(&below, depth + 1)?;
        }
    }
    // Designers write a Boolean here for one property, which says nothing about its members.
    if let Some(required) = node.optional("required")
        && !required.value().is_boolean()
    {
        for name in required.elements()? {
            name.text()?;
        }
    }
    Ok(())
}

struct Checks<'a> {
    root: &'a Value,
    left: usize,
    /// Whether the check was given up, which is no result of a combination.
    is_exhausted: bool,
}

impl<'a> Checks<'a> {
    fn mismatch(
        &mut self,
        schema: &'a Value,
        value: &Value,
        path: &mut Vec<String>,
        depth: usize,
    ) -> Option<String> {
        let length = |name: &str| schema.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        let cost = 1 + length("enum") + length("required");
        let Some(left) = self.left.checked_sub(cost).filter(|_| depth < DEPTH_MAX) else {
            self.is_exhausted = true;
            return Some(TOO_COMPLEX.to_owned());
        };
        self.left = left;
        let schema = match schema {
            Value::Bool(true) => return None,
            Value::Object(map) => map,
            _ => return Some(format!("Schema always fails validation. Path '{}'.", path.join("."))),
        };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))?;
            return self.mismatch(target, value, path, depth + 1);
        }
        self.own(schema, value, path)
            .or_else(|| self.combined(schema, value, path, depth))
            .or_else(|| self.below(schema, value, path, depth))
    }

    /// Checks the value itself.
    fn own(&self, schema: &Map<String, Value>, value: &Value, path: &[String]) -> Option<String> {
        let at = || format!("Path '{}'.", path.join("."));
        if let Some(kind) = schema.get("type") {
            let names: Vec<&str> = match kind {
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                one => one.as_str().into_iter().collect(),
            };
            if !names.iter().any(|name| is_of(value, name)) {
                let expected: Vec<_> = names.iter().map(|name| title(name)).collect();
                let got = title(name_of(value));
                return Some(format!(
                    "Invalid type. Expected {} but got {got}. {}",
                    expected.join(", "),
                    at()
                ));
            }
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            return Some(format!("Value {value} is not defined in enum. {}", at()));
        }
        if let Some(constant) = schema.get("const")
            && constant != value
        {
            return Some(format!("Value {value} does not match const. {}", at()));
        }
        let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
        let size = |length: usize| {
            #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
            let length = length as f64;
            length
        };
        let (measure, low, high, what) = match value {
            Value::Number(number) => {
                let number = number.as_f64()?;
                let exclusive = |name: &str, beyond: fn(f64, f64) -> bool| {
                    limit(name).filter(|limit| beyond(number, *limit))
                };
                if exclusive("exclusiveMinimum", |number, limit| number <= limit).is_some()
                    || exclusive("exclusiveMaximum", |number, limit| number >= limit).is_some()
                {
                    return Some(format!("{number} is outside of the allowed range. {}", at()));
                }
                (number, "minimum", "maximum", "Number")
            }
            Value::String(text) => (size(text.chars().count()), "minLength", "maxLength", "String length"),
            Value::Array(items) => (size(items.len()), "minItems", "maxItems", "Array item count"),
            Value::Object(map) => {
                (size(map.len()), "minProperties", "maxProperties", "Object property count")
            }
            Value::Null | Value::Bool(_) => return None,
        };
        if limit(low).is_some_and(|low| measure < low) || limit(high).is_some_and(|high| measure > high) {
            return Some(format!("{what} {measure} is outside of the allowed range. {}", at()));
        }
        None
    }

    fn combined(
        &mut self,
        schema: &'a Map<String, Value>,
        value: &Value,
        path: &mut Vec<String>,
        depth: usize,
    ) -> Option<String> {
        let list = |name: &str| schema.get(name).and_then(Value::as_array).into_iter().flatten();
        for part in list("allOf") {
            if let Some(found) = self.mismatch(part, value, path, depth + 1) {
                return Some(found);
            }
        }
        for (name, exactly_one) in [("anyOf", false), ("oneOf", true)] {
            if !schema.contains_key(name) {
                continue;
            }
            let mut valid = 0;
            for part in list(name) {
                valid += usize::from(self.mismatch(part, value, path, depth + 1).is_none());
                if self.is_exhausted || (valid > 0 && !exactly_one) {
                    break;
                }
            }
            if self.is_exhausted {
                return Some(TOO_COMPLEX.to_owned());
            }
            if valid == 0 || (exactly_one && valid > 1) {
                return Some(format!(
                    "JSON does not match the schemas of '{name}'. Path '{}'.",
                    path.join(".")
                ));
            }
        }
        let not = schema.get("not")?;
        let is_valid = self.mismatch(not, value, path, depth + 1).is_none();
        if self.is_exhausted {
            return Some(TOO_COMPLEX.to_owned());
        }
        is_valid.then(|| format!("JSON is valid against the schema of 'not'. Path '{}'.", path.join(".")))
    }

    /// Checks members and items.
    fn below(
        &mut self,
        schema: &'a Map<String, Value>,
        value: &Value,
        path: &mut Vec<String>,
        depth: usize,
    ) -> Option<String> {
        match value {
            Value::Object(map) => {
                let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
                let missing: Vec<_> =
                    required.filter_map(Value::as_str).filter(|name| !map.contains_key(*name)).collect();
                if !missing.is_empty() {
                    let names = missing.join(", ");
                    return Some(format!(
                        "Required properties are missing from object: {names}. Path '{}'.",
                        path.join(".")
                    ));
                }
                let properties = schema.get("properties").and_then(Value::as_object);
                for (name, member) in map {
                    let below = properties.and_then(|properties| properties.get(name));
                    let Some(below) = below.or_else(|| schema.get("additionalProperties")) else { continue };
                    if *below == Value::Bool(false) {
                        return Some(format!(
                            "Property '{name}' has not been defined and the schema does not allow additional \
                             properties. Path '{}'.",
                            path.join(".")
                        ));
                    }
                    path.push(name.clone());
                    let found = self.mismatch(below, member, path, depth + 1);
                    path.pop();
                    if found.is_some() {
                        return found;
                    }
                }
                None
            }
            Value::Array(items) => {
                let written = schema.get("items")?;
                for (at, item) in items.iter().enumerate() {
                    let below = match written {
                        Value::Array(list) => list.get(at),
                        one => Some(one),
                    };
                    path.push(format!("[{at}]"));
                    let found = below.and_then(|below| self.mismatch(below, item, path, depth + 1));
                    path.pop();
                    if found.is_some() {
                        return found;
                    }
                }
                None
            }
            _ => None,
        }
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => value.is_number(),
        "any" => true,
        name => name_of(value) == name,
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn title(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mismatch(schema: &Value, value: &Value) -> Option<String> {
        let schema = Schema::read(&Node::new("schema", schema)).expect("a schema");
        schema.expect("not empty").mismatch(value)
    }

    #[test]
    fn differences_are_described() {
        let person = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "minLength": 1}, "age": {"type": ["integer", "null"], "minimum": 0},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2},
            "next": {"$ref": "#"}, "passed": {"type": "any"},
        }, "additionalProperties": false});
        for (value, expected) in [
            (json!({"name": "x"}), None),
            (json!({"name": "x", "passed": [null]}), None),
            (json!({"name": "x", "age": null, "tags": ["a"], "next": {"name": "y", "age": 3.0}}), None),
            (json!([]), Some("Invalid type. Expected Object but got Array. Path ''.")),
            (json!({}), Some("Required properties are missing from object: name.")),
            (json!({"name": null}), Some("Expected String but got Null. Path 'name'.")),
            (json!({"name": ""}), Some("String length 0 is outside of the allowed range.")),
            (json!({"name": "x", "age": -1}), Some("Number -1 is outside")),
            (json!({"name": "x", "age": 1.5}), Some("Expected Integer, Null but got Number.")),
            (
                json!({"name": "x", "tags": ["c"]}),
                Some("Value \"c\" is not defined in enum. Path 'tags.[0]'."),
            ),
            (json!({"name": "x", "tags": ["a", "a", "b"]}), Some("Array item count 3")),
            (json!({"name": "x", "other": 1}), Some("Property 'other' has not been defined")),
            (json!({"name": "x", "next": {"name": 7}}), Some("Path 'next.name'.")),
        ] {
            let found = mismatch(&person, &value);
            match expected {
                None => assert_eq!(found, None, "{value}"),
                Some(expected) => {
                    assert!(found.as_ref().is_some_and(|f| f.contains(expected)), "{value}: {found:?}")
                }
            }
        }
        let either = json!({"oneOf": [{"type": "string"}, {"const": "x"}], "not": {"const": "y"}});
        assert_eq!(mismatch(&either, &json!("z")), None);
        for value in [json!("x"), json!("y"), json!(1)] {
            assert!(mismatch(&either, &value).is_some(), "{value}");
        }
    }

    #[test]
    fn names_with_an_at_sign_are_escaped() {
        let schema =
            json!({"properties": {"@@odata.type": {"type": "string"}}, "required": ["@@odata.type"]});
        assert_eq!(mismatch(&schema, &json!({"@odata.type": "x"})), None);
        assert!(mismatch(&schema, &json!({"@odata.type": 1})).is_some());
        assert!(mismatch(&schema, &json!({"@@odata.type": "x"})).is_some());
    }

    #[test]
    fn references_in_a_circle_end() {
        let circle = json!({"$ref": "#"});
        assert!(mismatch(&circle, &json!(1)).is_some());
        let many: Vec<_> = (0..40).map(|_| json!({"$ref": "#"})).collect();
        for combination in [
            json!({ "anyOf": many }),
            json!({ "oneOf": many }),
            json!({"not": {"$ref": "#"}}),
            json!({ "allOf": many }),
        ] {
            assert_eq!(mismatch(&combination, &json!(1)).as_deref(), Some(TOO_COMPLEX), "{combination}");
        }
        let valid_first = json!({"anyOf": [{"type": "integer"}, {"$ref": "#/circle"}], "circle": circle});
        assert_eq!(mismatch(&valid_first, &json!(1)), None);
    }

    #[test]
    fn schemas_that_cannot_be_used_are_rejected() {
        for (schema, at) in [
            (json!([]), "schema: "),
            (json!({"type": "text"}), "schema.type: this is not a type"),
            (json!({"properties": {"a": {"type": 1}}}), "schema.properties.a.type: "),
            (json!({"items": [{"type": "x"}]}), "schema.items[0].type: "),
            (json!({"required": [1]}), "schema.required[0]: "),
        ] {
            let error = Schema::read(&Node::new("schema", &schema)).expect_err("an error").to_string();
            assert!(error.starts_with(at), "{error}");
        }
        assert_eq!(Schema::read(&Node::new("schema", &json!({}))), Ok(None));
    }
}
