//! Functions over XML.

use std::cell::Cell;

use serde_json::{Number, Value};

use super::super::arguments::Arguments;
use super::super::budget::weight;
use super::super::content::{encoded_length, envelope, opened, text};
use super::super::error::EvaluationError;
use super::super::function::Row;
use super::super::weight::VALUE_BYTES_MAX;
use super::super::xml::{Document, Kind, WORK_MAX, XPathResult, evaluate, from_json, parse, print, to_json};

const MEDIA_TYPE: &str = "application/xml;charset=utf-8";

pub(super) static ROWS: [Row; 2] = [Row::make("xml", (1, 1), xml), Row::make("xpath", (2, 2), xpath)];

/// Returns the XML of a text or of content; `None` if the value is another.
fn source(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        content => text(content).or_else(|| String::from_utf8(opened(content)?.1).ok()),
    }
}

fn document(given: &Arguments<'_, '_>, text: &str) -> Result<Document, EvaluationError> {
    given.charge(text.len())?;
    parse(text).or_else(|why| {
        given.refuse(format_args!(
            "parameter is not valid. The provided value cannot be converted to XML: {why}"
        ))
    })
}

fn content(given: &Arguments<'_, '_>, xml: &str) -> Result<Value, EvaluationError> {
    given.charge(encoded_length(xml.len()) + 80)?;
    Ok(envelope(MEDIA_TYPE, xml.as_bytes()))
}

fn xml(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    if let Some(text) = source(given.value(0)) {
        document(given, &text)?;
        return content(given, text.trim());
    }
    if !given.value(0).is_object() {
        return given.wrong(0, "a string, XML content or an object");
    }
    match from_json(given.value(0), VALUE_BYTES_MAX) {
        Ok(text) => content(given, &text),
        Err(why) => given.refuse(format_args!(
            "parameter is not valid. The provided value cannot be converted to XML: {why}"
        )),
    }
}

/// Converts XML content to JSON, for `json(xml(…))`; `None` if the value is no XML content.
pub(super) fn as_json(given: &Arguments<'_, '_>) -> Option<Result<Value, EvaluationError>> {
    let value = given.value(0);
    let media_type = value.get("$content-type")?.as_str()?;
    let text = source(value).filter(|_| media_type.contains("xml"))?;
    Some(document(given, &text).and_then(|document| {
        let value = to_json(&document);
        given.charge(weight(&value)?)?;
        Ok(value)
    }))
}

fn xpath(given: &Arguments<'_, '_>) -> Result<Value, EvaluationError> {
    let Some(text) = source(given.value(0)) else { return given.wrong(0, "XML") };
    let document = document(given, &text)?;
    let query = given.text(1)?;
    let work = Cell::new(WORK_MAX);
    let result = evaluate(&document, query, &work);
    given.budget.read(WORK_MAX - work.get())?;
    let result = result.or_else(|why| {
        given.refuse(format_args!("was invoked with an XPath that cannot be evaluated: {why}"))
    })?;
    Ok(match result {
        XPathResult::Nodes(nodes) => Value::Array(
            nodes.into_iter().map(|node| selected(given, &document, node)).collect::<Result<_, _>>()?,
        ),
        XPathResult::Text(text) => {
            given.charge(text.len())?;
            Value::String(text)
        }
        XPathResult::Number(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
            Value::from(number as i64)
        }
        XPathResult::Number(number) => Number::from_f64(number).map_or(Value::from("NaN"), Value::Number),
        XPathResult::Boolean(is) => Value::Bool(is),
    })
}

/// Returns an element as XML content, and any other node as its text.
fn selected(given: &Arguments<'_, '_>, document: &Document, node: usize) -> Result<Value, EvaluationError> {
    if matches!(document.kind(node), Kind::Element { .. } | Kind::Root { .. }) {
        match print(document, node, VALUE_BYTES_MAX) {
            Ok(text) => content(given, &text),
            Err(why) => given.refuse(why),
        }
    } else {
        let text = document.text(node);
        given.charge(text.len() + 3)?;
        Ok(Value::String(text))
    }
}
