//! How values become text.

use serde_json::Value;

use super::budget::Budget;
use super::content;
use super::error::EvaluationError;

/// Appends a value as `string()` and interpolation do: a string as it is, null as nothing, textual
/// content as its text, anything else as JSON.
pub(super) fn append(text: &mut String, value: &Value, budget: &Budget) -> Result<(), EvaluationError> {
    let mut push = |more: &str| {
        budget.charge_more(text.len(), more.len())?;
        text.push_str(more);
        Ok(())
    };
    match value {
        Value::Null => Ok(()),
        Value::String(more) => push(more),
        Value::Object(map) if map.contains_key("$content") => {
            push(&content::text(value).unwrap_or_else(|| value.to_string()))
        }
        Value::Bool(is) => push(if *is { "True" } else { "False" }),
        other => push(&other.to_string()),
    }
}
