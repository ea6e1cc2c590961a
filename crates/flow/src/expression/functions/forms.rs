//! Functions that read forms and multipart bodies.

use serde_json::Value;

use super::super::arguments::Arguments;
use super::super::content;
use super::super::error::EvaluationError;
use super::super::function::Row;
use super::super::multipart;

type Made = Result<Value, EvaluationError>;

pub(super) static ROWS: [Row; 6] = [
    Row::make("formDataMultiValues", (2, 2), |given| all(given, &form(given, action(given)?)?, 1)),
    Row::make("formDataValue", (2, 2), |given| single(given, &form(given, action(given)?)?, 1)),
    Row::make("multipartBody", (2, 2), |given| part(given, action(given)?, 1)),
    Row::make("triggerFormDataMultiValues", (1, 1), |given| {
        all(given, &form(given, given.facts.trigger_outputs())?, 0)
    }),
    Row::make("triggerFormDataValue", (1, 1), |given| {
        single(given, &form(given, given.facts.trigger_outputs())?, 0)
    }),
    Row::make("triggerMultipartBody", (1, 1), |given| part(given, given.facts.trigger_outputs(), 0)),
];

fn action<'a>(given: &Arguments<'a, '_>) -> Result<&'a Value, EvaluationError> {
    let name = given.text(0)?;
    match given.facts.outputs(name) {
        Some(outputs) => Ok(outputs),
        None => given.refuse(format_args!(
            "was invoked with '{name}', an action that has not run or was skipped and has no outputs"
        )),
    }
}

/// Returns the keys and values of a form, as the platform lists them or as they were sent.
fn form(given: &Arguments<'_, '_>, outputs: &Value) -> Result<Vec<(String, String)>, EvaluationError> {
    let body = outputs.get("body").unwrap_or(&Value::Null);
    if let Some(listed) = body.get("$formdata").and_then(Value::as_array) {
        let text = |field: &Value, name| field.get(name)?.as_str().map(str::to_owned);
        return Ok(listed.iter().filter_map(|field| text(field, "key").zip(text(field, "value"))).collect());
    }
    if let Some(parts) = multipart::parts(body) {
        let field = |part: &Value| multipart::name(part).zip(part.get("body")?.as_str().map(str::to_owned));
        return Ok(parts.iter().filter_map(field).collect());
    }
    let sent = match body {
        Value::String(text) => Some(text.clone().into_bytes()),
        other => content::opened(other)
            .filter(|(media_type, _)| media_type.starts_with("application/x-www-form-urlencoded"))
            .map(|(_, bytes)| bytes),
    };
    match sent {
        Some(bytes) => Ok(url::form_urlencoded::parse(&bytes).into_owned().collect()),
        None => given.refuse("expects a body of form data or form-encoded content"),
    }
}

fn values<'f>(
    given: &Arguments<'_, '_>,
    form: &'f [(String, String)],
    at: usize,
) -> Result<Vec<&'f str>, EvaluationError> {
    let key = given.text(at)?;
    let found: Vec<&str> = form
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, value)| value.as_str())
        .collect();
    given.charge(found.iter().map(|value| value.len() + 3).sum())?;
    Ok(found)
}

fn all(given: &Arguments<'_, '_>, form: &[(String, String)], at: usize) -> Made {
    Ok(values(given, form, at)?.into_iter().collect())
}

fn single(given: &Arguments<'_, '_>, form: &[(String, String)], at: usize) -> Made {
    match values(given, form, at)?.as_slice() {
        [] => Ok(Value::Null),
        [value] => Ok(Value::from(*value)),
        more => given.refuse(format_args!(
            "found {} values of this key; use the function that returns an array",
            more.len()
        )),
    }
}

fn part(given: &Arguments<'_, '_>, outputs: &Value, at: usize) -> Made {
    let index = given.count(at)?;
    let Some(parts) = outputs.get("body").and_then(multipart::parts) else {
        return given.refuse("expects a multipart body");
    };
    match parts.get(index) {
        Some(part) => {
            let body = part.get("body").unwrap_or(&Value::Null);
            given.charge(super::super::budget::weight(body)?)?;
            Ok(body.clone())
        }
        None => {
            given.refuse(format_args!("was invoked with index {index}, but there are {} parts", parts.len()))
        }
    }
}
