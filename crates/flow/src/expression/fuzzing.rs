//! The entry of the fuzz target `expression`.

use outlive_clock::Instant;
use serde_json::{Value, json};

use super::facts::{Facts, Missing};
use super::template::Template;
use super::weight::{VALUE_BYTES_MAX, weigh};

struct SmallRun(Value);

impl Facts for SmallRun {
    fn trigger_outputs(&self) -> &Value {
        &self.0
    }

    fn outputs(&self, _action: &str) -> Option<&Value> {
        Some(&self.0)
    }

    fn parameter(&self, _name: &str) -> Option<&Value> {
        Some(&self.0)
    }

    fn now(&self) -> Instant {
        Instant::from_seconds(1_767_603_600)
    }

    fn random(&self) -> Result<u64, Missing> {
        Ok(0x0123_4567_89ab_cdef)
    }
}

/// Parses a text as a template and evaluates it. Returns whether it has a value.
///
/// # Panics
///
/// If the value exceeds the bounds.
pub fn evaluate_text(text: &str) -> bool {
    let Ok(template) = Template::read(&Value::from(text)) else { return false };
    let run = SmallRun(json!({"body": {"value": [1, 2.5, null, {"a": "b"}], "xml": "<a b='c'><d/>e</a>"}}));
    match template.evaluate(&run) {
        Ok(value) => {
            assert!(
                weigh(&value).is_some_and(|bytes| bytes <= VALUE_BYTES_MAX),
                "the value exceeds the bounds"
            );
            true
        }
        Err(_) => false,
    }
}
