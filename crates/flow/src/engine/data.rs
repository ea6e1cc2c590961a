//! Actions that work on data.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::facts::View;
use super::markup;
use super::record::{Computed, Failure};
use crate::definition::{ActionKind, Condition, Schema, Table, VariableType};
use crate::expression::{EvaluationError, Template, VALUE_BYTES_MAX, weigh};

/// Evaluates an action that needs nothing else.
pub(super) fn compute(kind: &ActionKind, name: &str, view: &View<'_>) -> Computed {
    let failed =
        |error: EvaluationError| Computed { inputs: None, result: Err(Failure::template(name, &error)) };
    match kind {
        ActionKind::Compose(template) => match template.evaluate(view) {
            Ok(value) => Computed { inputs: None, result: Ok(Some(value)) },
            Err(error) => failed(error),
        },
        ActionKind::Compute(computation) => {
            let mut inputs = Map::new();
            for (member, template) in &computation.inputs {
                match template.evaluate(view) {
                    Ok(value) => inputs.insert(member.clone(), value),
                    Err(error) => return failed(error),
                };
            }
            let mut inner = View::new(view.definition, view.state, view.context, view.frame);
            inner.inputs = Some(&inputs);
            let result = computation.expression.evaluate(&inner);
            drop(inner);
            let result = result.map(|body| Some(json!({ "body": body })));
            let result = result.map_err(|error| Failure::template(name, &error));
            Computed { inputs: Some(Value::Object(inputs)), result }
        }
        ActionKind::ParseJson { content, schema } => match content.evaluate(view) {
            Ok(content) => parse_json(name, content, schema.as_deref()),
            Err(error) => failed(error),
        },
        ActionKind::Select { from, select } => {
            over(name, from, view, |items| self::select(items, select, view))
        }
        ActionKind::Query { from, condition } => {
            over(name, from, view, |items| query(items, condition, view))
        }
        ActionKind::Join { from, with } => match with.evaluate(view) {
            Ok(with) => over(name, from, view, |items| join(items, &with)),
            Err(error) => failed(error),
        },
        ActionKind::Table(table) => over(name, &table.from, view, |items| tabulate(items, table, view)),
        _ => failed(EvaluationError("this action cannot be computed".to_owned())),
    }
}

/// Evaluates an action on the items of an array.
fn over(
    name: &str,
    from: &Template,
    view: &View<'_>,
    body: impl FnOnce(&[Value]) -> Result<Value, EvaluationError>,
) -> Computed {
    let from = match from.evaluate(view) {
        Ok(from) => from,
        Err(error) => return Computed { inputs: None, result: Err(Failure::template(name, &error)) },
    };
    let result = match from.as_array() {
        Some(items) => body(items)
            .map(|body| Some(json!({ "body": body })))
            .map_err(|error| Failure::template(name, &error)),
        None => Err(Failure::new(
            "BadRequest",
            format!(
                "The 'from' property value in the '{name}' action inputs is of type '{}'. The value must be an array.",
                VariableType::name_of(&from)
            ),
        )),
    };
    Computed { inputs: Some(json!({ "from": from })), result }
}

/// The maximum number of cells of a table. Most are empty if each item has members of its own.
const CELLS_MAX: usize = 1_000_000;

/// Names in the order in which they were added.
#[derive(Default)]
struct IndexedNames<'a> {
    list: Vec<&'a String>,
    known: HashSet<&'a String>,
}

impl<'a> IndexedNames<'a> {
    fn add(&mut self, name: &'a String) {
        if self.known.insert(name) {
            self.list.push(name);
        }
    }
}

/// Counts the bytes that an action makes.
struct Size(usize);

impl Size {
    fn add(&mut self, value: &Value) -> Result<(), EvaluationError> {
        self.0 += weigh(value).unwrap_or(VALUE_BYTES_MAX);
        if self.0 > VALUE_BYTES_MAX {
            return Err(EvaluationError(format!("the result is larger than {VALUE_BYTES_MAX} bytes")));
        }
        Ok(())
    }
}

fn with_item<'a>(view: &View<'a>, item: &'a Value) -> View<'a> {
    let mut inner = View::new(view.definition, view.state, view.context, view.frame);
    inner.item = Some(item);
    inner
}

fn select(items: &[Value], select: &Template, view: &View<'_>) -> Result<Value, EvaluationError> {
    let mut size = Size(0);
    let mut selected = Vec::with_capacity(items.len());
    for item in items {
        let value = select.evaluate(&with_item(view, item))?;
        size.add(&value)?;
        selected.push(value);
    }
    Ok(Value::Array(selected))
}

fn query(items: &[Value], condition: &Condition, view: &View<'_>) -> Result<Value, EvaluationError> {
    let mut found = Vec::new();
    for item in items {
        if condition.holds(&with_item(view, item))? {
            found.push(item.clone());
        }
    }
    Ok(Value::Array(found))
}

fn join(items: &[Value], with: &Value) -> Result<Value, EvaluationError> {
    let with = with.as_str().ok_or_else(|| EvaluationError("joinWith is not a string".to_owned()))?;
    let texts: Vec<_> = items.iter().map(markup::text).collect();
    let length: usize = texts.iter().map(|text| text.len() + with.len()).sum();
    if length > VALUE_BYTES_MAX {
        return Err(EvaluationError(format!("the result is larger than {VALUE_BYTES_MAX} bytes")));
    }
    Ok(Value::String(texts.join(with)))
}

fn tabulate(items: &[Value], table: &Table, view: &View<'_>) -> Result<Value, EvaluationError> {
    let mut size = Size(0);
    let mut rows = Vec::with_capacity(items.len());
    let headers;
    if table.columns.is_empty() {
        // The members of all items, in the order in which they are first seen.
        let mut names: IndexedNames<'_> = IndexedNames::default();
        for item in items {
            let Some(map) = item.as_object() else {
                return Err(EvaluationError(
                    "an item of a table without columns is not an object".to_owned(),
                ));
            };
            for name in map.keys() {
                names.add(name);
            }
        }
        let names = names.list;
        if items.len().saturating_mul(names.len()) > CELLS_MAX {
            return Err(EvaluationError(format!("the table has more than {CELLS_MAX} cells")));
        }
        for item in items {
            rows.push(
                names.iter().map(|name| item.get(*name).map(markup::text).unwrap_or_default()).collect(),
            );
        }
        headers = names.into_iter().cloned().collect();
    } else {
        let mut list = Vec::with_capacity(table.columns.len());
        for (header, _) in &table.columns {
            list.push(markup::text(&header.evaluate(view)?));
        }
        headers = list;
        for item in items {
            let inner = with_item(view, item);
            let mut row = Vec::with_capacity(table.columns.len());
            for (_, value) in &table.columns {
                let value = value.evaluate(&inner)?;
                size.add(&value)?;
                row.push(markup::text(&value));
            }
            rows.push(row);
        }
    }
    let text = if table.is_html { markup::html(&headers, &rows) } else { markup::csv(&headers, &rows) };
    let text = Value::String(text);
    Size(0).add(&text)?;
    Ok(text)
}

fn parse_json(name: &str, content: Value, schema: Option<&Schema>) -> Computed {
    let parsed = match &content {
        Value::String(text) => {
            serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).map_err(|error| {
                let what = format!("the provided value cannot be parsed as JSON: {error}");
                Failure::template(name, &EvaluationError(what))
            })
        }
        other => Ok(other.clone()),
    };
    let result = parsed.and_then(|value| match schema.and_then(|schema| schema.mismatch(&value)) {
        None => Ok(Some(json!({ "body": value }))),
        Some(mismatch) => {
            Err(Failure::new("ValidationFailed", format!("The schema validation failed. {mismatch}")))
        }
    });
    let mut inputs = Map::new();
    inputs.insert("content".to_owned(), content);
    Computed { inputs: Some(Value::Object(inputs)), result }
}
