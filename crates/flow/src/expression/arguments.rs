//! The evaluated arguments of a call, with the errors of the wrong ones.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::budget::Budget;
use super::error::{Evaluated, EvaluationError, refuse};
use super::facts::{Facts, Missing};
use super::signature::Signature;

/// The evaluated arguments of a call.
pub(super) struct Arguments<'a, 'b> {
    pub(super) signature: &'static Signature,
    pub(super) values: Vec<Cow<'a, Value>>,
    pub(super) facts: &'a dyn Facts,
    pub(super) budget: &'b Budget,
}

/// A call whose arguments are not evaluated yet.
pub(super) struct Call<'a, 'b> {
    pub(super) signature: &'static Signature,
    /// How many arguments are given.
    pub(super) count: usize,
    /// Evaluates one argument; one that is not given is null.
    pub(super) argument: &'b dyn Fn(usize) -> Evaluated<'a>,
}

impl Arguments<'_, '_> {
    /// Returns the argument, or null if it is not given.
    pub(super) fn value(&self, at: usize) -> &Value {
        const NULL: &Value = &Value::Null;
        self.values.get(at).map_or(NULL, |value| &**value)
    }

    pub(super) fn given(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().map(|value| &**value)
    }

    pub(super) fn text(&self, at: usize) -> Result<&str, EvaluationError> {
        self.value(at).as_str().map_or_else(|| self.wrong(at, "a string"), Ok)
    }

    /// Returns the text, or `None` if the argument is not given, null or empty.
    pub(super) fn optional_text(&self, at: usize) -> Result<Option<&str>, EvaluationError> {
        match self.value(at) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty()).map(String::as_str)),
            _ => self.wrong(at, "a string"),
        }
    }

    pub(super) fn integer(&self, at: usize) -> Result<i64, EvaluationError> {
        self.value(at).as_i64().map_or_else(|| self.wrong(at, "an integer"), Ok)
    }

    /// Returns a number that is not negative, as an index or a count.
    pub(super) fn count(&self, at: usize) -> Result<usize, EvaluationError> {
        match usize::try_from(self.integer(at)?) {
            Ok(count) => Ok(count),
            Err(_) => self.refuse("was invoked with a negative number; give 0 or more"),
        }
    }

    pub(super) fn array(&self, at: usize) -> Result<&[Value], EvaluationError> {
        self.value(at).as_array().map_or_else(|| self.wrong(at, "an array"), |items| Ok(items.as_slice()))
    }

    pub(super) fn object(&self, at: usize) -> Result<&Map<String, Value>, EvaluationError> {
        self.value(at).as_object().map_or_else(|| self.wrong(at, "an object"), Ok)
    }

    pub(super) fn boolean(&self, at: usize) -> Result<bool, EvaluationError> {
        self.value(at).as_bool().map_or_else(|| self.wrong(at, "a boolean"), Ok)
    }

    /// Accounts for the result, before it is built.
    pub(super) fn charge(&self, bytes: usize) -> Result<(), EvaluationError> {
        self.budget.charge(bytes)
    }

    /// Fails with what is wrong with the call: `was invoked with …`.
    pub(super) fn refuse<T>(&self, what: impl std::fmt::Display) -> Result<T, EvaluationError> {
        refuse(format!("The template language function '{}' {what}", self.signature.name))
    }

    /// Fails because an argument has the wrong type.
    pub(super) fn wrong<T>(&self, at: usize, expected: &str) -> Result<T, EvaluationError> {
        wrong_argument(self.signature, at, expected, self.value(at))
    }

    /// Fails because the run has no such value.
    pub(super) fn missing<T>(&self, missing: Missing, unknown: &str) -> Result<T, EvaluationError> {
        match missing {
            Missing::Unavailable => self.refuse("is not available here"),
            Missing::Unknown => self.refuse(unknown),
        }
    }
}

/// Fails because an argument has the wrong type.
pub(super) fn wrong_argument<T>(
    signature: &Signature,
    at: usize,
    expected: &str,
    found: &Value,
) -> Result<T, EvaluationError> {
    const ORDINALS: [&str; 4] = ["first ", "second ", "third ", "fourth "];
    let ordinal = if signature.most == 1 { "" } else { ORDINALS.get(at).copied().unwrap_or_default() };
    refuse(format!(
        "The template language function '{}' expects its {ordinal}parameter to be {expected}. The provided \
         value is of type '{}'",
        signature.name,
        kind(found)
    ))
}

/// Returns the value as a whole number, if it is one.
pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let number = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9.0e18)?;
            format!("{number:.0}").parse().ok()
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Returns the name of a value's type, as messages print it.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Float",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}
