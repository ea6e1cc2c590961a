//! Functions over arrays, objects and strings as collections.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::arguments::Arguments;
use super::super::budget::weight;
use super::super::error::{Evaluated, EvaluationError};
use super::super::function::Row;
use super::super::signature::ANY;

pub(super) static ROWS: [Row; 10] = [
    Row::make("empty", (1, 1), |given| match given.value(0) {
        Value::Null => Ok(Value::Bool(true)),
        Value::String(text) => Ok(Value::Bool(text.is_empty())),
        Value::Array(items) => Ok(Value::Bool(items.is_empty())),
        Value::Object(map) => Ok(Value::Bool(map.is_empty())),
        Value::Bool(_) | Value::Number(_) => given.wrong(0, "an object, an array or a string"),
    }),
    Row::select("first", (1, 1), |given| element(given, |_| 0, |text| text.chars().next())),
    Row::make("intersection", (1, ANY), intersection),
    Row::select("last", (1, 1), |given| {
        element(given, |length| length.saturating_sub(1), |text| text.chars().next_back())
    }),
    Row::make("length", (1, 1), |given| match given.value(0) {
        Value::String(text) => Ok(Value::from(text.encode_utf16().count())),
        Value::Array(items) => Ok(Value::from(items.len())),
        _ => given.wrong(0, "an array or a string"),
    }),
    Row::make("reverse", (1, 1), |given| {
        let items = given.array(0)?;
        given.charge(weight(given.value(0))?)?;
        Ok(items.iter().rev().cloned().collect())
    }),
    Row::make("skip", (2, 2), |given| {
        let (items, count) = (given.array(0)?, given.count(1)?);
        copied(given, items.get(count..).unwrap_or_default())
    }),
    Row::make("sort", (1, 2), sort),
    Row::make("take", (2, 2), |given| {
        let count = given.count(1)?;
        match given.value(0) {
            Value::String(text) => {
                given.charge(text.len())?;
                let units: Vec<u16> = text.encode_utf16().take(count).collect();
                Ok(Value::String(String::from_utf16_lossy(&units)))
            }
            Value::Array(items) => copied(given, items.get(..count).unwrap_or(items)),
            _ => given.wrong(0, "an array or a string"),
        }
    }),
    Row::make("union", (1, ANY), union),
];

/// Copies elements, if they are not too large.
fn copied(given: &Arguments<'_, '_>, items: &[Value]) -> Result<Value, EvaluationError> {
    for item in items {
        given.charge(weight(item)?)?;
    }
    Ok(Value::Array(items.to_vec()))
}

/// Returns the first or last element; null without elements.
fn element<'a>(
    mut given: Arguments<'a, '_>,
    at: fn(usize) -> usize,
    character: fn(&str) -> Option<char>,
) -> Evaluated<'a> {
    match given.value(0) {
        Value::Array(items) => {
            let at = at(items.len());
            Ok(match given.values.swap_remove(0) {
                Cow::Borrowed(Value::Array(items)) => {
                    items.get(at).map_or(Cow::Owned(Value::Null), Cow::Borrowed)
                }
                owned => Cow::Owned(owned.get(at).cloned().unwrap_or_default()),
            })
        }
        Value::String(text) => {
            Ok(Cow::Owned(Value::String(character(text).map(String::from).unwrap_or_default())))
        }
        _ => given.wrong(0, "an array or a string"),
    }
}

/// A text that is the same for equal values: whole numbers are written in one way.
fn canonical(value: &Value) -> String {
    fn normal(value: &Value) -> Value {
        match value {
            Value::Number(_) => super::super::arguments::whole(value).map_or(value.clone(), Value::from),
            Value::Array(items) => items.iter().map(normal).collect(),
            Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), normal(v))).collect()),
            plain => plain.clone(),
        }
    }
    normal(value).to_string()
}

/// The arguments of `union` and `intersection`: all arrays or all objects.
enum Collections<'a> {
    Arrays(Vec<&'a [Value]>),
    Objects(Vec<&'a Map<String, Value>>),
}

fn collections<'a>(given: &'a Arguments<'_, '_>) -> Result<Collections<'a>, EvaluationError> {
    let mut bytes = 0;
    for value in given.given() {
        bytes += weight(value)?;
    }
    given.charge(bytes)?;
    Ok(if given.value(0).is_array() {
        Collections::Arrays((0..given.values.len()).map(|at| given.array(at)).collect::<Result<_, _>>()?)
    } else if given.value(0).is_object() {
        Collections::Objects((0..given.values.len()).map(|at| given.object(at)).collect::<Result<_, _>>()?)
    } else {
        return given.wrong(0, "an array or an object");
    })
}

fn union(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    Ok(match collections(given)? {
        Collections::Arrays(arrays) => {
            let mut seen = BTreeSet::new();
            let all = arrays.into_iter().flatten();
            all.filter(|item| seen.insert(canonical(item))).cloned().collect()
        }
        Collections::Objects(objects) => {
            let all = objects.into_iter().flatten();
            Value::Object(all.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
    })
}

fn intersection(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    Ok(match collections(given)? {
        Collections::Arrays(arrays) => {
            let Some((first, others)) = arrays.split_first() else { return Ok(Value::Array(Vec::new())) };
            let others: Vec<BTreeSet<String>> =
                others.iter().map(|items| items.iter().map(canonical).collect()).collect();
            let mut seen = BTreeSet::new();
            let common = first.iter().filter(|item| {
                let item = canonical(item);
                others.iter().all(|other| other.contains(&item)) && seen.insert(item)
            });
            common.cloned().collect()
        }
        Collections::Objects(objects) => {
            let Some((last, others)) = objects.split_last() else { return Ok(Value::Object(Map::new())) };
            let common = last.iter().filter(|(name, value)| {
                let value = canonical(value);
                others.iter().all(|other| other.get(*name).is_some_and(|other| canonical(other) == value))
            });
            Value::Object(common.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
    })
}

fn sort(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let (items, by) = (given.array(0)?, given.optional_text(1)?);
    given.charge(weight(given.value(0))?)?;
    let mut sorted: Vec<(&Value, &Value)> = Vec::with_capacity(items.len());
    for item in items {
        let key = by.map_or(Some(item), |by| item.get(by));
        match key {
            Some(key @ (Value::Number(_) | Value::String(_) | Value::Bool(_))) => sorted.push((key, item)),
            _ => {
                return given.refuse(
                    "expects an array of numbers, strings or booleans, or the name of such a property of all elements",
                );
            }
        }
    }
    sorted.sort_by(|(a, _), (b, _)| natural(a, b));
    Ok(sorted.into_iter().map(|(_, item)| item.clone()).collect())
}

/// Orders numbers before strings before booleans.
fn natural(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        _ => 2,
    };
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => x.as_f64().partial_cmp(&y.as_f64()).unwrap_or(Ordering::Equal),
        },
        (Value::String(x), Value::String(y)) => x.cmp(y),
        (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
        _ => rank(a).cmp(&rank(b)),
    }
}
