//! Functions over strings. Positions count UTF-16 code units, as on the platform.

use serde_json::Value;

use super::super::arguments::{Arguments, whole};
use super::super::error::EvaluationError;
use super::super::function::Row;
use super::super::signature::ANY;
use super::super::string_form::append;

pub(super) static ROWS: [Row; 16] = [
    Row::make("chunk", (2, 2), chunk),
    Row::make("concat", (1, ANY), |given| {
        let mut text = String::new();
        given.given().try_for_each(|value| append(&mut text, value, given.budget))?;
        Ok(Value::String(text))
    }),
    Row::make("indexOf", (2, 2), |given| {
        let (text, wanted) = (fold(given.text(0)?), fold(given.text(1)?));
        Ok(position(&text, text.find(&wanted)))
    }),
    Row::make("isFloat", (1, 2), |given| {
        let locale = super::locales::of(given, 1)?;
        Ok(Value::Bool(given.text(0).is_ok_and(|text| locale.parse(text).is_some())))
    }),
    Row::make("isInt", (1, 1), |given| Ok(Value::Bool(whole(given.value(0)).is_some()))),
    Row::make("lastIndexOf", (2, 2), |given| {
        let (text, wanted) = (fold(given.text(0)?), fold(given.text(1)?));
        if wanted.is_empty() {
            return Ok(Value::from(text.encode_utf16().count().saturating_sub(1)));
        }
        Ok(position(&text, text.rfind(&wanted)))
    }),
    Row::make("nthIndexOf", (3, 3), nth_index_of),
    Row::make("replace", (3, 3), replace),
    Row::make("slice", (2, 3), slice),
    Row::make("split", (2, 2), split),
    Row::make("substring", (2, 3), substring),
    Row::make("toLower", (1, 1), |given| sized(given, given.text(0)?.to_lowercase())),
    Row::make("toUpper", (1, 1), |given| sized(given, given.text(0)?.to_uppercase())),
    Row::make("trim", (1, 1), |given| sized(given, given.text(0)?.trim().to_owned())),
    Row::make("formatNumber", (2, 3), |given| {
        let Some(number) = given.value(0).as_number() else {
            return given.wrong(0, "an integer or a decimal number");
        };
        match super::number_format::format(number, given.text(1)?, &super::locales::of(given, 2)?) {
            Ok(text) => sized(given, text),
            Err(why) => given.refuse(why),
        }
    }),
    Row::make("join", (2, 2), |given| {
        let (items, delimiter) = (given.array(0)?, given.text(1)?);
        given.charge(delimiter.len().saturating_mul(items.len()))?;
        let mut text = String::new();
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                text.push_str(delimiter);
            }
            append(&mut text, item, given.budget)?;
        }
        Ok(Value::String(text))
    }),
];

/// Accounts for a text that is at most a few times as long as an argument.
fn sized(given: &Arguments<'_, '_>, text: String) -> Result<Value, EvaluationError> {
    given.charge(text.len())?;
    Ok(Value::String(text))
}

/// Returns the text in lower case, where that does not change positions.
fn fold(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) if one.len_utf16() == c.len_utf16() => one,
                _ => c,
            }
        })
        .collect()
}

fn position(text: &str, byte: Option<usize>) -> Value {
    byte.map_or(Value::from(-1), |byte| Value::from(text[..byte].encode_utf16().count()))
}

fn nth_index_of(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let (text, wanted) = (fold(given.text(0)?), fold(given.text(1)?));
    let occurrence = given.integer(2)?;
    if wanted.is_empty() || occurrence == 0 {
        return given.refuse("expects a text to find that is not empty, and an occurrence other than 0");
    }
    let nth = usize::try_from(occurrence.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let found = if occurrence > 0 {
        text.match_indices(&wanted).nth(nth)
    } else {
        text.rmatch_indices(&wanted).nth(nth)
    };
    Ok(position(&text, found.map(|(byte, _)| byte)))
}

fn replace(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let (text, old, new) = (given.text(0)?, given.text(1)?, given.text(2)?);
    if old.is_empty() {
        return given.refuse("expects its second parameter, the text to replace, not to be empty");
    }
    let added = text.matches(old).count().saturating_mul(new.len().saturating_sub(old.len()));
    given.charge(text.len().saturating_add(added))?;
    Ok(Value::String(text.replace(old, new)))
}

fn split(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let (text, delimiter) = (given.text(0)?, given.text(1)?);
    if delimiter.is_empty() {
        return Ok(Value::from(vec![text]));
    }
    given.charge(text.len() + text.matches(delimiter).count() * 3)?;
    Ok(text.split(delimiter).collect())
}

/// Cuts code units out of a text.
fn cut(given: &Arguments<'_, '_>, units: &[u16]) -> Result<Value, EvaluationError> {
    sized(given, String::from_utf16_lossy(units))
}

fn substring(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let units: Vec<u16> = given.text(0)?.encode_utf16().collect();
    let start = given.integer(1)?;
    let length = if given.values.len() == 3 { Some(given.integer(2)?) } else { None };
    let range = usize::try_from(start).ok().and_then(|start| {
        let length = length.map_or(Some(units.len().saturating_sub(start)), |n| usize::try_from(n).ok())?;
        units.get(start..start.checked_add(length)?)
    });
    match range {
        Some(range) => cut(given, range),
        None => given.refuse(
            "parameters are out of range: 'start index' and 'length' must be non-negative integers and their \
             sum must be no larger than the length of the string",
        ),
    }
}

fn slice(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let units: Vec<u16> = given.text(0)?.encode_utf16().collect();
    let at = |index: i64| {
        let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
        if index < 0 { units.len().saturating_sub(distance) } else { distance.min(units.len()) }
    };
    let start = at(given.integer(1)?);
    let end = if given.values.len() == 3 { at(given.integer(2)?) } else { units.len() };
    cut(given, units.get(start..end).unwrap_or_default())
}

fn chunk(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let length = given.count(1)?;
    if length == 0 {
        return given.refuse("expects its second parameter, the length of a chunk, to be at least 1");
    }
    match given.value(0) {
        Value::String(text) => {
            let units: Vec<u16> = text.encode_utf16().collect();
            given.charge(text.len() + units.len() / length * 3)?;
            Ok(units.chunks(length).map(String::from_utf16_lossy).collect())
        }
        whole @ Value::Array(items) => {
            given.charge(super::super::budget::weight(whole)? + items.len() / length * 3)?;
            Ok(items.chunks(length).map(<[Value]>::to_vec).collect())
        }
        _ => given.wrong(0, "a string or an array"),
    }
}
