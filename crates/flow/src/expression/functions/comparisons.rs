//! Functions that compare two values.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::arguments::{Arguments, kind, wrong_argument};
use super::super::error::{EvaluationError, refuse};
use super::super::function::{Function, Row};
use super::super::signature::Signature;

pub(super) static ROWS: [Row; 8] = [
    Row::make("contains", (2, 2), compared),
    Row::make("endsWith", (2, 2), compared),
    Row::make("equals", (2, 2), compared),
    Row::make("greater", (2, 2), compared),
    Row::make("greaterOrEquals", (2, 2), compared),
    Row::make("less", (2, 2), compared),
    Row::make("lessOrEquals", (2, 2), compared),
    Row::make("startsWith", (2, 2), compared),
];

fn compared(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    compare_by(given.signature, given.value(0), given.value(1)).map(Value::Bool)
}

/// Compares two values, for expressions and for the condition tree of an `If`.
pub(crate) fn compare(function: Function, left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    compare_by(function.signature(), left, right)
}

fn compare_by(by: &Signature, left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    let ordered = || order(by, left, right);
    Ok(match by.name {
        "equals" => same(left, right),
        "greater" => ordered()? == Ordering::Greater,
        "greaterOrEquals" => ordered()? != Ordering::Less,
        "less" => ordered()? == Ordering::Less,
        "lessOrEquals" => ordered()? != Ordering::Greater,
        "startsWith" => lower(by, 0, left)?.starts_with(&lower(by, 1, right)?),
        "endsWith" => lower(by, 0, left)?.ends_with(&lower(by, 1, right)?),
        "contains" => match left {
            Value::String(all) => all.contains(text(by, 1, right)?),
            Value::Array(items) => items.iter().any(|item| same(item, right)),
            Value::Object(map) => map.contains_key(text(by, 1, right)?),
            other => return wrong_argument(by, 0, "a string, an array or an object", other),
        },
        other => return refuse(format!("The template language function '{other}' does not compare")),
    })
}

/// Whether two values are equal. A number equals another of the same value, and true equals 1.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Bool(is), Value::Number(number)) | (Value::Number(number), Value::Bool(is)) => {
            number.as_f64() == Some(f64::from(u8::from(*is)))
        }
        _ => left == right,
    }
}

/// Orders two numbers or two strings.
pub(super) fn order(by: &Signature, left: &Value, right: &Value) -> Result<Ordering, EvaluationError> {
    let found = match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64().partial_cmp(&b.as_f64()),
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    };
    found.map_or_else(
        || {
            refuse(format!(
                "The template language function '{}' expects two parameters of matching types, numbers or \
                 strings. The function was invoked with values of type '{}' and '{}' that do not match",
                by.name,
                kind(left),
                kind(right)
            ))
        },
        Ok,
    )
}

fn text<'v>(by: &Signature, at: usize, value: &'v Value) -> Result<&'v str, EvaluationError> {
    value.as_str().map_or_else(|| wrong_argument(by, at, "a string", value), Ok)
}

fn lower(by: &Signature, at: usize, value: &Value) -> Result<String, EvaluationError> {
    Ok(text(by, at, value)?.to_lowercase())
}
