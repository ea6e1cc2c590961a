//! Functions that convert values to other types.

use serde_json::{Number, Value};

use super::super::arguments::{Arguments, whole};
use super::super::budget::weight;
use super::super::error::EvaluationError;
use super::super::function::Row;
use super::super::signature::ANY;
use super::super::string_form::append;

pub(super) static ROWS: [Row; 8] = [
    Row::make("array", (1, 1), array),
    Row::make("bool", (1, 1), |given| match given.value(0) {
        Value::Bool(is) => Ok(Value::Bool(*is)),
        Value::Number(number) => Ok(Value::Bool(number.as_f64() != Some(0.0))),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
        _ => invalid(given),
    }),
    Row::make("createArray", (0, ANY), array),
    Row::make("decimal", (1, 1), number),
    Row::make("float", (1, 2), number),
    Row::make("int", (1, 1), |given| {
        whole(given.value(0)).map_or_else(|| invalid(given), |n| Ok(Value::from(n)))
    }),
    Row::make("json", (1, 1), |given| match given.value(0) {
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        Value::String(text) => {
            given.charge(text.len())?;
            match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
                Ok(value) => weight(&value).map(|_| value),
                Err(error) => given.refuse(format_args!(
                    "parameter is not valid. The provided value cannot be parsed: {error}"
                )),
            }
        }
        other => match super::xml_functions::as_json(given) {
            Some(converted) => converted,
            None => {
                given.charge(weight(other)?)?;
                Ok(other.clone())
            }
        },
    }),
    Row::make("string", (1, 1), |given| {
        let mut text = String::new();
        append(&mut text, given.value(0), given.budget)?;
        Ok(Value::String(text))
    }),
];

fn array(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    for value in given.given() {
        given.charge(weight(value)?)?;
    }
    Ok(given.given().cloned().collect())
}

fn number(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let number = match given.value(0) {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => super::locales::of(given, 1)?.parse(text),
        _ => None,
    };
    number.and_then(Number::from_f64).map_or_else(|| invalid(given), |number| Ok(Value::Number(number)))
}

fn invalid<T>(given: &Arguments<'_, '_>) -> Result<T, EvaluationError> {
    given.refuse(
        "was invoked with a parameter that is not valid. The value cannot be converted to the target type",
    )
}
