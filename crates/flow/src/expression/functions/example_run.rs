//! A run for the tests of functions.

use std::borrow::Cow;
use std::cell::Cell;

use outlive_clock::Instant;
use serde_json::{Value, json};

use super::super::Template;
use super::super::facts::{Fact, Facts, Missing};

pub(super) struct ExampleRun {
    trigger: Value,
    action: Value,
    items: Value,
    long: Value,
    random: Cell<u64>,
}

impl ExampleRun {
    pub(super) fn new() -> Self {
        Self {
            trigger: json!({"body": {
                "$formdata": [{"key": "feedUrl", "value": "https://contoso.example/feed"}],
                "$multipart": [{"headers": {}, "body": "one"}, {"headers": {}, "body": {"two": 2}}],
            }}),
            action: json!({"statusCode": 200, "body": {
                "$content-type": "application/x-www-form-urlencoded",
                "$content": "U3ViamVjdD1IZWxsbyt3b3JsZCZ0YWc9YSZ0YWc9Yg==",
            }}),
            items: json!(
                "<?xml version=\"1.0\"?><produce><item><name expired='true' price='12'>Gala</name>\
                <type>apple</type><count>20</count></item><item><name expired='false' price='40'>Honeycrisp</name>\
                <type>apple</type><count>10</count></item></produce>"
            ),
            long: json!("a".repeat(500_000)),
            random: Cell::new(0),
        }
    }
}

impl Facts for ExampleRun {
    fn trigger_outputs(&self) -> &Value {
        &self.trigger
    }

    fn outputs(&self, action: &str) -> Option<&Value> {
        (action == "Send").then_some(&self.action)
    }

    fn parameter(&self, name: &str) -> Option<&Value> {
        match name {
            "items" => Some(&self.items),
            "long" => Some(&self.long),
            _ => None,
        }
    }

    fn now(&self) -> Instant {
        // 2018-04-15T13:00:00Z
        Instant::from_seconds(1_523_797_200)
    }

    fn variable(&self, name: &str) -> Fact<'_> {
        if name == "numItems" { Ok(Cow::Owned(json!(20))) } else { Err(Missing::Unknown) }
    }

    fn item(&self, scope: Option<&str>) -> Fact<'_> {
        match scope {
            None | Some("Loop") => Ok(Cow::Owned(json!({"id": 7}))),
            Some(_) => Err(Missing::Unknown),
        }
    }

    fn iteration_index(&self, _scope: &str) -> Fact<'_> {
        Ok(Cow::Owned(json!(3)))
    }

    fn workflow(&self) -> Fact<'_> {
        Ok(Cow::Owned(json!({"name": "w", "run": {"name": "r"}})))
    }

    fn trigger(&self) -> Fact<'_> {
        Ok(Cow::Owned(json!({"name": "manual", "outputs": self.trigger})))
    }

    fn action(&self, name: Option<&str>) -> Fact<'_> {
        match name {
            None => Ok(Cow::Owned(json!({"name": "current"}))),
            Some("Send") => Ok(Cow::Owned(json!({"name": "Send", "status": "Succeeded"}))),
            Some(_) => Err(Missing::Unknown),
        }
    }

    fn result(&self, _scope: &str) -> Fact<'_> {
        Ok(Cow::Owned(json!([{"name": "Send"}])))
    }

    fn callback_url(&self) -> Result<String, Missing> {
        Ok("https://flow.example/callback".to_owned())
    }

    fn random(&self) -> Result<u64, Missing> {
        let next =
            self.random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(0x0123_4567_89ab_cdef);
        self.random.set(next);
        Ok(next)
    }
}

/// Evaluates an expression, written without its `@`.
pub(super) fn evaluated(expression: &str) -> Result<Value, String> {
    Template::read(&json!(format!("@{expression}")))
        .map_err(|(_, error)| error.to_string())?
        .evaluate(&ExampleRun::new())
        .map_err(|error| error.to_string())
}

/// Asserts the values of expressions.
#[track_caller]
pub(super) fn all_return(examples: &[(&str, Value)]) {
    for (expression, value) in examples {
        assert_eq!(evaluated(expression).as_ref(), Ok(value), "{expression}");
    }
}

/// Asserts parts of the errors of expressions.
#[track_caller]
pub(super) fn all_fail(examples: &[(&str, &str)]) {
    for (expression, why) in examples {
        let error = evaluated(expression).expect_err(expression);
        assert!(error.contains(why), "{expression}: {error}");
    }
}
