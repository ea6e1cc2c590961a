//! Functions that decide. Only the arguments that decide are evaluated.

use std::borrow::Cow;

use serde_json::Value;

use super::super::arguments::{Call, wrong_argument};
use super::super::error::{Evaluated, EvaluationError};
use super::super::function::Row;
use super::super::signature::ANY;

pub(super) static ROWS: [Row; 5] = [
    Row::lazy("and", (1, ANY), |call| all_are(call, true).map(boolean_of)),
    Row::lazy("or", (1, ANY), |call| all_are(call, false).map(|none| boolean_of(!none))),
    Row::make("not", (1, 1), |given| Ok(Value::Bool(!given.boolean(0)?))),
    Row::lazy("if", (3, 3), |call| (call.argument)(if boolean(call, 0)? { 1 } else { 2 })),
    Row::lazy("coalesce", (1, ANY), coalesce),
];

fn all_are(call: &Call<'_, '_>, wanted: bool) -> Result<bool, EvaluationError> {
    for at in 0..call.count {
        if boolean(call, at)? != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

fn boolean_of<'a>(value: bool) -> Cow<'a, Value> {
    Cow::Owned(Value::Bool(value))
}

fn boolean(call: &Call<'_, '_>, at: usize) -> Result<bool, EvaluationError> {
    let value = (call.argument)(at)?;
    value.as_bool().map_or_else(|| wrong_argument(call.signature, at, "a boolean", &value), Ok)
}

fn coalesce<'a>(call: &Call<'a, '_>) -> Evaluated<'a> {
    for at in 0..call.count {
        let value = (call.argument)(at)?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    Ok(Cow::Owned(Value::Null))
}
