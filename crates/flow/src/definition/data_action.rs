//! Parses the actions that work on data.

use serde_json::Value;

use super::action::{ActionKind, Table};
use super::condition;
use super::literals;
use super::node::Node;
use super::refusal::Collected;
use super::schema::Schema;
use super::template_reader::{optional, required};

/// The maximum number of columns of a table.
const COLUMNS_MAX: usize = 200;

pub(super) fn parse_json(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["content", "schema"]));
    let content = required(inputs, "content", "give the JSON", errors);
    let is_json = |text: &str| serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).is_ok();
    let is_json = |value: &Value| value.as_str().is_none_or(is_json).then_some(()).ok_or("this is not JSON");
    literals::follows(inputs, "content", is_json, errors);
    let schema = inputs.optional("schema").map(|schema| errors.keep(Schema::read(&schema)));
    let schema = match schema {
        None => None,
        Some(read) => read?,
    };
    Some(ActionKind::ParseJson { content: content?, schema: schema.map(Box::new) })
}

pub(super) fn select(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["from", "select"]));
    let from = required(inputs, "from", "give the array", errors);
    let select = required(inputs, "select", "give what to make of each item", errors);
    literals::array(inputs, "from", errors);
    Some(ActionKind::Select { from: from?, select: select? })
}

pub(super) fn query(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["from", "where"]));
    let from = required(inputs, "from", "give the array", errors);
    let condition = errors.keep(inputs.required("where", "give the condition"));
    let condition = condition.and_then(|node| condition::read(&node, errors));
    literals::array(inputs, "from", errors);
    Some(ActionKind::Query { from: from?, condition: condition? })
}

pub(super) fn join(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["from", "joinWith"]));
    let from = required(inputs, "from", "give the array", errors);
    let with = required(inputs, "joinWith", "give the separator", errors);
    literals::array(inputs, "from", errors);
    literals::strings(inputs, &["joinWith"], errors);
    Some(ActionKind::Join { from: from?, with: with? })
}

pub(super) fn table(inputs: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    errors.keep(inputs.only(&["from", "format", "columns"]));
    let from = required(inputs, "from", "give the array", errors);
    literals::array(inputs, "from", errors);
    let format = errors.keep(inputs.required("format", "use CSV or HTML").and_then(|node| {
        match node.text()?.to_ascii_lowercase().as_str() {
            "csv" => Ok(false),
            "html" => Ok(true),
            _ => Err(node.refuse("this is not a format", "use CSV or HTML")),
        }
    }));
    let mut columns = Vec::new();
    let written = inputs.optional("columns").map(|columns| errors.keep(columns.elements()));
    for column in written.flatten().unwrap_or_default() {
        if columns.len() >= COLUMNS_MAX {
            let remedy = format!("keep at most {COLUMNS_MAX}");
            errors.push(column.refuse("there are too many columns", &remedy));
            break;
        }
        errors.keep(column.only(&["header", "value"]));
        let value = required(&column, "value", "give the value of the column", errors);
        let header = optional(&column, "header", errors);
        let header = header.or_else(|| crate::expression::Template::read(&serde_json::json!("")).ok());
        columns.extend(header.zip(value));
    }
    Some(ActionKind::Table(Box::new(Table { from: from?, is_html: format?, columns })))
}
