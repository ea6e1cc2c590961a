//! Functions that change an object.

use serde_json::{Map, Value};

use super::super::arguments::Arguments;
use super::super::budget::weight;
use super::super::error::EvaluationError;
use super::super::function::Row;

pub(super) static ROWS: [Row; 3] = [
    Row::make("addProperty", (3, 3), |given| {
        if given.object(0)?.contains_key(given.text(1)?) {
            return given.refuse(format_args!(
                "was invoked with property '{}', which already exists; use 'setProperty' to change it",
                given.text(1)?
            ));
        }
        set(given)
    }),
    Row::make("removeProperty", (2, 2), |given| {
        let mut map = copied(given)?;
        map.remove(given.text(1)?);
        Ok(Value::Object(map))
    }),
    Row::make("setProperty", (3, 3), set),
];

fn copied(given: &Arguments<'_, '_>) -> Result<Map<String, Value>, EvaluationError> {
    let map = given.object(0)?;
    given.charge(weight(given.value(0))?)?;
    Ok(map.clone())
}

fn set(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let name = given.text(1)?;
    given.charge(weight(given.value(2))? + name.len())?;
    let mut map = copied(given)?;
    map.insert(name.to_owned(), given.value(2).clone());
    Ok(Value::Object(map))
}
