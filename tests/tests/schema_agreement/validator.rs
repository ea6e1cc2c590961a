//! Validates a value against a JSON Schema, with the keywords that the schemas of this product use.
//! A complete validator brings thirty packages, and changes how JSON is read by the program under
//! test.

use std::collections::HashMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

/// Keywords without an effect on whether a value is valid.
const ANNOTATIONS: [&str; 5] = ["$schema", "$defs", "title", "description", "examples"];

pub(crate) struct Validator {
    schema: Value,
    patterns: HashMap<String, Regex>,
}

impl Validator {
    pub(crate) fn new(schema: Value) -> Self {
        let mut validator = Self { schema: Value::Null, patterns: HashMap::new() };
        validator.read_patterns(&schema);
        validator.schema = schema;
        validator
    }

    fn read_patterns(&mut self, schema: &Value) {
        let mut add = |pattern: &str| {
            let regex = Regex::new(pattern).expect(pattern);
            self.patterns.insert(pattern.to_owned(), regex);
        };
        match schema {
            Value::Object(members) => {
                members.get("pattern").and_then(Value::as_str).into_iter().for_each(&mut add);
                let named = members.get("patternProperties").and_then(Value::as_object);
                named.into_iter().flat_map(Map::keys).for_each(|pattern| add(pattern));
                members.values().for_each(|value| self.read_patterns(value));
            }
            Value::Array(items) => items.iter().for_each(|item| self.read_patterns(item)),
            _ => {}
        }
    }

    pub(crate) fn accepts(&self, value: &Value) -> bool {
        self.is_valid(&self.schema, value)
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        self.patterns[pattern].is_match(text)
    }

    fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        let keywords = match schema {
            Value::Bool(accepts) => return *accepts,
            Value::Object(keywords) => keywords,
            other => panic!("{other} is no schema"),
        };
        keywords.iter().all(|(keyword, operand)| self.holds(keyword, operand, keywords, value))
    }

    fn holds(&self, keyword: &str, operand: &Value, keywords: &Map<String, Value>, value: &Value) -> bool {
        let all = |of: &Value| of.as_array().expect("a list").clone();
        let is_valid = |schema: &Value| self.is_valid(schema, value);
        let count = || usize::try_from(operand.as_u64().expect("a number")).expect("small");
        let number = operand.as_f64();
        match (keyword, value) {
            (known, _) if ANNOTATIONS.contains(&known) => true,
            ("$ref", _) => {
                let reference = operand.as_str().expect("a reference").trim_start_matches('#');
                is_valid(self.schema.pointer(reference).expect(reference))
            }
            ("anyOf", _) => all(operand).iter().any(is_valid),
            ("allOf", _) => all(operand).iter().all(is_valid),
            ("oneOf", _) => all(operand).iter().filter(|schema| is_valid(schema)).count() == 1,
            ("not", _) => !is_valid(operand),
            ("if", _) => !is_valid(operand) || is_valid(&keywords["then"]),
            ("then", _) => true,
            ("enum", _) => all(operand).contains(value),
            ("const", _) => operand == value,
            ("type", _) => match operand {
                Value::Array(types) => types.iter().any(|of| is_of_type(of, value)),
                of => is_of_type(of, value),
            },
            ("pattern", Value::String(text)) => self.matches(operand.as_str().expect("a pattern"), text),
            ("minimum", Value::Number(given)) => given.as_f64() >= number,
            ("maximum", Value::Number(given)) => given.as_f64() <= number,
            ("exclusiveMinimum", Value::Number(given)) => given.as_f64() > number,
            ("minItems", Value::Array(items)) => items.len() >= count(),
            ("maxItems", Value::Array(items)) => items.len() <= count(),
            ("uniqueItems", Value::Array(items)) => {
                items.iter().enumerate().all(|(index, item)| !items[..index].contains(item))
            }
            ("items", Value::Array(items)) => items.iter().all(|item| self.is_valid(operand, item)),
            ("required", Value::Object(members)) => {
                all(operand).iter().all(|name| members.contains_key(name.as_str().expect("a name")))
            }
            ("properties", Value::Object(members)) => members
                .iter()
                .all(|(name, member)| operand.get(name).is_none_or(|of| self.is_valid(of, member))),
            ("patternProperties", Value::Object(members)) => {
                operand.as_object().expect("patterns").iter().all(|(pattern, of)| {
                    let mut named = members.iter().filter(|(name, _)| self.matches(pattern, name));
                    named.all(|(_, member)| self.is_valid(of, member))
                })
            }
            ("additionalProperties", Value::Object(members)) => {
                let patterns = keywords.get("patternProperties").and_then(Value::as_object);
                let is_known = |name: &str| {
                    keywords.get("properties").is_some_and(|known| known.get(name).is_some())
                        || patterns.into_iter().flat_map(Map::keys).any(|pattern| self.matches(pattern, name))
                };
                members.iter().all(|(name, member)| is_known(name) || self.is_valid(operand, member))
            }
            ("propertyNames", Value::Object(members)) => {
                members.keys().all(|name| self.is_valid(operand, &Value::from(name.as_str())))
            }
            ("dependentSchemas", Value::Object(members)) => {
                let schemas = operand.as_object().expect("schemas");
                schemas.iter().all(|(name, schema)| !members.contains_key(name) || is_valid(schema))
            }
            (
                "pattern"
                | "minimum"
                | "maximum"
                | "exclusiveMinimum"
                | "minItems"
                | "maxItems"
                | "uniqueItems"
                | "items"
                | "required"
                | "properties"
                | "patternProperties"
                | "additionalProperties"
                | "propertyNames"
                | "dependentSchemas",
                _,
            ) => true,
            (unknown, _) => panic!("the keyword {unknown} is not supported: add it"),
        }
    }
}

fn is_of_type(of: &Value, value: &Value) -> bool {
    match of.as_str().expect("a name") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("the type {unknown} does not exist"),
    }
}
