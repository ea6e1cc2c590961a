//! Evaluates expressions.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::arguments::{Arguments, Call, kind};
use super::budget::{Budget, weight};
use super::error::{Evaluated, EvaluationError};
use super::facts::Facts;
use super::function::{Body, Function};
use super::syntax::Expression;

pub(super) fn evaluate<'a>(
    expression: &'a Expression,
    facts: &'a dyn Facts,
    budget: &Budget,
) -> Evaluated<'a> {
    match expression {
        Expression::Literal(value) => Ok(Cow::Borrowed(value)),
        Expression::Path(start, path) => {
            let mut value = evaluate(start, facts, budget)?;
            for access in path {
                let key = evaluate(&access.key, facts, budget)?;
                value = match value {
                    null if access.or_null && null.is_null() => null,
                    value => select(value, &key, access.or_null)
                        .map_err(|why| EvaluationError::not_selected(&why))?,
                };
            }
            Ok(value)
        }
        Expression::Call(function, arguments) => {
            let function = *function;
            match function.body() {
                Body::Lazy(body) => {
                    let argument = |at: usize| match arguments.get(at) {
                        Some(argument) => evaluate(argument, facts, budget),
                        None => Ok(Cow::Owned(Value::Null)),
                    };
                    body(&Call {
                        signature: function.signature(),
                        count: arguments.len(),
                        argument: &argument,
                    })
                }
                Body::Select(body) => body(evaluated(function, arguments, facts, budget)?),
                Body::Make(body) => {
                    let arguments = evaluated(function, arguments, facts, budget)?;
                    arguments.given().try_for_each(|value| budget.read(weight(value)?))?;
                    body(&arguments).map(Cow::Owned)
                }
            }
        }
    }
}

fn evaluated<'a, 'b>(
    function: Function,
    arguments: &'a [Expression],
    facts: &'a dyn Facts,
    budget: &'b Budget,
) -> Result<Arguments<'a, 'b>, EvaluationError> {
    let values = arguments
        .iter()
        .map(|argument| evaluate(argument, facts, budget))
        .collect::<Result<Vec<_>, EvaluationError>>()?;
    Ok(Arguments { signature: function.signature(), values, facts, budget })
}

/// Selects a property or an element. An error says why that is not possible.
fn select<'a>(value: Cow<'a, Value>, key: &Value, or_null: bool) -> Result<Cow<'a, Value>, String> {
    match (&*value, key) {
        (Value::Object(map), Value::String(name)) => {
            let property = match &value {
                Cow::Borrowed(Value::Object(map)) => property(map, name).map(Cow::Borrowed),
                _ => property(map, name).cloned().map(Cow::Owned),
            };
            match property {
                Some(found) => Ok(found),
                None if or_null => Ok(Cow::Owned(Value::Null)),
                None => {
                    let names = map.keys().take(30).map(String::as_str).collect::<Vec<_>>().join(", ");
                    Err(format!(
                        "property '{name}' doesn't exist, available properties are '{names}'. Use \
                         ?['{name}'] to get null"
                    ))
                }
            }
        }
        (Value::Array(items), Value::Number(n)) => {
            let length = items.len();
            let element = index(n, length).and_then(|at| match &value {
                Cow::Borrowed(Value::Array(items)) => items.get(at).map(Cow::Borrowed),
                _ => items.get(at).cloned().map(Cow::Owned),
            });
            match element {
                Some(found) => Ok(found),
                None if or_null => Ok(Cow::Owned(Value::Null)),
                None => Err(format!(
                    "array index '{n}' is outside bounds of an array with {length} elements. Use ?[{n}] to \
                     get null"
                )),
            }
        }
        (Value::Array(_), Value::String(name)) => Err(format!(
            "property '{name}' cannot be selected. Array elements can only be selected using an integer index"
        )),
        (Value::Null, Value::String(name)) => Err(format!(
            "property '{name}' cannot be selected. The value before it is null; use ?['{name}'] to get null"
        )),
        (other, Value::String(name)) => Err(format!(
            "property '{name}' cannot be selected. Property selection is not supported on values of type '{}'",
            kind(other)
        )),
        (other, Value::Number(n)) => Err(format!(
            "element '{n}' cannot be selected. Elements can only be selected from an array, not from a value \
             of type '{}'",
            kind(other)
        )),
        (_, key) => Err(format!(
            "a key has to be a string or an integer. The provided value is of type '{}'",
            kind(key)
        )),
    }
}

/// Returns a property, also one of a property: `body/subject` is `subject` of `body`.
fn property<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(found) = own_property(map, name) {
        return Some(found);
    }
    let (first, rest) = name.split_once('/')?;
    rest.split('/').try_fold(own_property(map, first)?, |value, part| match value {
        Value::Object(map) => own_property(map, part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Returns the property of this name, or else the first one whose name differs in case only.
fn own_property<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name)
        .or_else(|| map.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, found)| found))
}

fn index(number: &Number, length: usize) -> Option<usize> {
    number.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < length)
}
