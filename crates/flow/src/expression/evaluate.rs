//! Evaluates expressions.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use outlive_clock::Instant;
use serde_json::{Number, Value};

use super::function::Function;
use super::syntax::{Access, Expression};
use super::weight::{VALUE_BYTES_MAX, weigh};

/// What an expression can read of its run.
pub(crate) trait Facts {
    /// The outputs of a finished action; `None` if it has not finished, was skipped, or does not
    /// exist.
    fn trigger_outputs(&self) -> &Value;
    /// The outputs of a finished action; `None` if it has not finished, was skipped, or does not
    /// exist.
    fn outputs(&self, action: &str) -> Option<&Value>;
    /// The value of a parameter of the definition.
    fn parameter(&self, name: &str) -> Option<&Value>;
    /// The virtual instant of the evaluation.
    fn now(&self) -> Instant;
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EvaluationError(pub(crate) String);

pub(super) fn refuse<T>(what: impl Into<String>) -> Result<T, EvaluationError> {
    Err(EvaluationError(what.into()))
}

/// The number of bytes that an evaluation may still produce.
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Cell::new(VALUE_BYTES_MAX))
    }

    pub(super) fn charge(&self, bytes: usize) -> Result<(), EvaluationError> {
        match self.0.get().checked_sub(bytes) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => refuse(format!("the result is larger than {VALUE_BYTES_MAX} bytes")),
        }
    }

    /// Clones a value, if it is not too large.
    pub(super) fn own(&self, value: Cow<'_, Value>) -> Result<Value, EvaluationError> {
        match weigh(&value) {
            Some(bytes) => self.charge(bytes)?,
            None => return refuse("the result is nested too deeply"),
        }
        Ok(value.into_owned())
    }
}

pub(super) fn evaluate<'a>(
    expression: &'a Expression,
    facts: &'a dyn Facts,
    budget: &Budget,
) -> Result<Cow<'a, Value>, EvaluationError> {
    match expression {
        Expression::Literal(value) => Ok(Cow::Borrowed(value)),
        Expression::Path(start, path) => {
            let mut value = evaluate(start, facts, budget)?;
            for access in path {
                value = step(value, access, facts, budget)?;
            }
            Ok(value)
        }
        Expression::Call(function, arguments) => call(*function, arguments, facts, budget),
    }
}

fn step<'a>(
    value: Cow<'a, Value>,
    access: &'a Access,
    facts: &'a dyn Facts,
    budget: &Budget,
) -> Result<Cow<'a, Value>, EvaluationError> {
    let key = evaluate(&access.key, facts, budget)?;
    if access.or_null && value.is_null() {
        return Ok(Cow::Owned(Value::Null));
    }
    let kind = kind(&value);
    let found = match (&value, &*key) {
        (Cow::Borrowed(Value::Object(map)), Value::String(name)) => map.get(name).map(Cow::Borrowed),
        (Cow::Borrowed(Value::Array(items)), Value::Number(n)) => {
            index(n, items.len()).map(|i| Cow::Borrowed(&items[i]))
        }
        (Cow::Owned(Value::Object(map)), Value::String(name)) => map.get(name).cloned().map(Cow::Owned),
        (Cow::Owned(Value::Array(items)), Value::Number(n)) => {
            index(n, items.len()).map(|i| Cow::Owned(items[i].clone()))
        }
        (_, Value::String(name)) => return refuse(format!("property '{name}' cannot be read from {kind}")),
        (_, Value::Number(n)) => return refuse(format!("element {n} cannot be read from {kind}")),
        _ => return refuse("a key is a string or a whole number"),
    };
    match found {
        Some(found) => Ok(found),
        None if access.or_null => Ok(Cow::Owned(Value::Null)),
        None => match &*key {
            Value::String(name) => {
                refuse(format!("property '{name}' does not exist; use ?['{name}'] to get null"))
            }
            key => refuse(format!("element {key} does not exist; use ?[{key}] to get null")),
        },
    }
}

fn index(number: &Number, length: usize) -> Option<usize> {
    number.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < length)
}

fn call<'a>(
    function: Function,
    arguments: &'a [Expression],
    facts: &'a dyn Facts,
    budget: &Budget,
) -> Result<Cow<'a, Value>, EvaluationError> {
    match function {
        // Only the selected argument is evaluated.
        Function::If => {
            let chosen = if boolean(&*argument(arguments, 0, facts, budget)?, function)? { 1 } else { 2 };
            return argument(arguments, chosen, facts, budget);
        }
        Function::And | Function::Or => {
            let stops_at = function == Function::Or;
            for one in arguments {
                if boolean(&*evaluate(one, facts, budget)?, function)? == stops_at {
                    return Ok(Cow::Owned(Value::Bool(stops_at)));
                }
            }
            return Ok(Cow::Owned(Value::Bool(!stops_at)));
        }
        Function::Coalesce => {
            for one in arguments {
                let value = evaluate(one, facts, budget)?;
                if !value.is_null() {
                    return Ok(value);
                }
            }
            return Ok(Cow::Owned(Value::Null));
        }
        _ => {}
    }
    let values = arguments
        .iter()
        .map(|one| evaluate(one, facts, budget))
        .collect::<Result<Vec<_>, EvaluationError>>()?;
    apply(function, values, facts, budget)
}

fn argument<'a>(
    arguments: &'a [Expression],
    index: usize,
    facts: &'a dyn Facts,
    budget: &Budget,
) -> Result<Cow<'a, Value>, EvaluationError> {
    match arguments.get(index) {
        Some(one) => evaluate(one, facts, budget),
        None => refuse("an argument is missing"),
    }
}

fn apply<'a>(
    function: Function,
    mut values: Vec<Cow<'a, Value>>,
    facts: &'a dyn Facts,
    budget: &Budget,
) -> Result<Cow<'a, Value>, EvaluationError> {
    const NULL: &Value = &Value::Null;
    let first = values.first().map_or(NULL, |v| &**v);
    let second = values.get(1).map_or(NULL, |v| &**v);
    let made = match function {
        Function::TriggerOutputs => return Ok(Cow::Borrowed(facts.trigger_outputs())),
        Function::TriggerBody => {
            return Ok(Cow::Borrowed(facts.trigger_outputs().get("body").unwrap_or(NULL)));
        }
        Function::Outputs | Function::Body => {
            let name = string(first, function)?;
            let Some(outputs) = facts.outputs(name) else {
                return refuse(format!("action '{name}' has no outputs: it has not run or was skipped"));
            };
            let part = if function == Function::Body { outputs.get("body").unwrap_or(NULL) } else { outputs };
            return Ok(Cow::Borrowed(part));
        }
        Function::Parameters => {
            let name = string(first, function)?;
            return match facts.parameter(name) {
                Some(value) => Ok(Cow::Borrowed(value)),
                None => refuse(format!("there is no parameter '{name}'")),
            };
        }
        Function::First | Function::Last => {
            let Value::Array(items) = first else {
                return refuse(format!("{} takes an array, not {}", function.name(), kind(first)));
            };
            let at = if function == Function::First { 0 } else { items.len().saturating_sub(1) };
            return Ok(match values.swap_remove(0) {
                Cow::Borrowed(Value::Array(items)) => {
                    items.get(at).map_or(Cow::Borrowed(NULL), Cow::Borrowed)
                }
                owned => Cow::Owned(owned.get(at).cloned().unwrap_or(Value::Null)),
            });
        }
        Function::UtcNow => Value::String(facts.now().strftime("%Y-%m-%dT%H:%M:%S.%7fZ")),
        Function::Not => Value::Bool(!boolean(first, function)?),
        Function::Empty => Value::Bool(match first {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) => {
                return refuse("empty takes a string, an array or an object");
            }
        }),
        Function::Concat => {
            let mut text = String::new();
            for value in &values {
                append(&mut text, value, budget)?;
            }
            Value::String(text)
        }
        Function::String => {
            let mut text = String::new();
            append(&mut text, first, budget)?;
            Value::String(text)
        }
        Function::Length => match first {
            Value::String(text) => Value::from(text.encode_utf16().count()),
            Value::Array(items) => Value::from(items.len()),
            other => return refuse(format!("length takes a string or an array, not {}", kind(other))),
        },
        Function::Int => match first {
            Value::Number(n) if n.is_i64() => Value::Number(n.clone()),
            Value::String(text) => match text.trim().parse::<i64>() {
                Ok(n) => Value::from(n),
                Err(_) => return refuse("int takes a whole number or a string that is one"),
            },
            _ => return refuse("int takes a whole number or a string that is one"),
        },
        Function::Add | Function::Sub => arithmetic(function, first, second)?,
        // `If`, `And`, `Or` and `Coalesce` are handled above; every other function compares two
        // values.
        _ => Value::Bool(compare(function, first, second)?),
    };
    Ok(Cow::Owned(made))
}

/// Compares two values, for expressions and for the condition tree of an `If`.
pub(crate) fn compare(function: Function, left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    Ok(match function {
        Function::Equals => same(left, right),
        Function::Greater => order(left, right)? == Ordering::Greater,
        Function::GreaterOrEquals => order(left, right)? != Ordering::Less,
        Function::Less => order(left, right)? == Ordering::Less,
        Function::LessOrEquals => order(left, right)? != Ordering::Greater,
        Function::StartsWith => string(left, function)?.starts_with(string(right, function)?),
        Function::EndsWith => string(left, function)?.ends_with(string(right, function)?),
        Function::Contains => match left {
            Value::String(all) => all.contains(string(right, function)?),
            Value::Array(items) => items.iter().any(|item| same(item, right)),
            Value::Object(map) => map.contains_key(string(right, function)?),
            other => {
                return refuse(format!(
                    "contains takes a string, an array or an object, not {}",
                    kind(other)
                ));
            }
        },
        other => return refuse(format!("{} does not compare", other.name())),
    })
}

fn arithmetic(function: Function, left: &Value, right: &Value) -> Result<Value, EvaluationError> {
    let whole = match (left.as_i64(), right.as_i64()) {
        (Some(a), Some(b)) if function == Function::Add => a.checked_add(b),
        (Some(a), Some(b)) => a.checked_sub(b),
        _ => None,
    };
    if let Some(n) = whole {
        return Ok(Value::from(n));
    }
    let (Some(a), Some(b)) = (left.as_f64(), right.as_f64()) else {
        return refuse(format!(
            "{} takes two numbers, not {} and {}",
            function.name(),
            kind(left),
            kind(right)
        ));
    };
    let sum = if function == Function::Add { a + b } else { a - b };
    Number::from_f64(sum).map_or_else(|| refuse("the result is not a number"), |n| Ok(Value::Number(n)))
}

/// Appends a value as `string()` and interpolation do: a string as it is, null as nothing, anything
/// else as JSON.
pub(super) fn append(text: &mut String, value: &Value, budget: &Budget) -> Result<(), EvaluationError> {
    match value {
        Value::Null => {}
        Value::String(more) => {
            budget.charge(more.len())?;
            text.push_str(more);
        }
        Value::Bool(true) => text.push_str("True"),
        Value::Bool(false) => text.push_str("False"),
        other => {
            let more = other.to_string();
            budget.charge(more.len())?;
            text.push_str(&more);
        }
    }
    Ok(())
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Result<Ordering, EvaluationError> {
    let found = match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64().partial_cmp(&b.as_f64()),
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    };
    found.map_or_else(|| refuse(format!("{} and {} cannot be compared", kind(left), kind(right))), Ok)
}

fn boolean(value: &Value, function: Function) -> Result<bool, EvaluationError> {
    value
        .as_bool()
        .map_or_else(|| refuse(format!("{} takes true or false, not {}", function.name(), kind(value))), Ok)
}

fn string(value: &Value, function: Function) -> Result<&str, EvaluationError> {
    value
        .as_str()
        .map_or_else(|| refuse(format!("{} takes a string, not {}", function.name(), kind(value))), Ok)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
