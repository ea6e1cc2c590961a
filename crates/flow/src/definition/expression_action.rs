//! `Expression` actions, which designers offer for dates, numbers and texts: each kind is a
//! function.

use serde_json::json;

use super::action::{ActionKind, Computation};
use super::node::{Node, QUOTED_MAX};
use super::refusal::Collected;
use super::template_reader::templates_in;
use crate::expression::Template;

/// The kind, its function, and its inputs in the order of the function's parameters. Those after
/// the first number are optional, each with the ones before it.
const KINDS: [(&str, &str, &[&str], usize); 9] = [
    ("AddToTime", "addToTime", &["baseTime", "interval", "timeUnit", "formatString"], 3),
    ("SubtractFromTime", "subtractFromTime", &["baseTime", "interval", "timeUnit", "formatString"], 3),
    (
        "ConvertTimeZone",
        "convertTimeZone",
        &["baseTime", "sourceTimeZone", "destinationTimeZone", "formatString"],
        3,
    ),
    ("CurrentTime", "utcNow", &["formatString"], 0),
    ("GetFutureTime", "getFutureTime", &["interval", "timeUnit", "formatString"], 2),
    ("GetPastTime", "getPastTime", &["interval", "timeUnit", "formatString"], 2),
    ("FormatNumber", "formatNumber", &["number", "format", "locale"], 2),
    ("IndexOf", "indexOf", &["text", "searchText"], 2),
    ("Substring", "substring", &["text", "start", "length"], 2),
];

pub(super) fn read(node: &Node<'_>, errors: &mut Collected) -> Option<ActionKind> {
    let names: Vec<_> = KINDS.iter().map(|(name, ..)| *name).collect();
    let remedy = format!("use {}", names.join(", "));
    let kind = errors.keep(node.required("kind", &remedy))?;
    let text = errors.keep(kind.text())?;
    let found = KINDS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(text));
    let Some((_, function, members, needed)) = found else {
        let quoted: String = text.chars().take(QUOTED_MAX).collect();
        errors.push(kind.refuse(&format!("the kind '{quoted}' is not supported"), &remedy));
        return None;
    };
    let mut arguments = Vec::new();
    if let Some(inputs) = node.optional("inputs") {
        errors.keep(inputs.only(members))?;
        for member in *members {
            arguments.extend(inputs.optional(member).map(|value| (*member, value)));
        }
    }
    let is_prefix = arguments.iter().zip(*members).all(|((given, _), member)| given == member);
    if arguments.len() < *needed || !is_prefix {
        errors.push(node.refuse_at(
            ".inputs",
            "an input is missing",
            &format!("give {}", members.join(", ")),
        ));
        return None;
    }
    let inputs: Vec<_> = arguments
        .into_iter()
        .map(|(member, value)| Some((member.to_owned(), templates_in(&value, errors)?)))
        .collect::<Option<_>>()?;
    let names: Vec<_> = inputs.iter().map(|(name, _)| format!("parameters('{name}')")).collect();
    let expression = Template::read(&json!(format!("@{function}({})", names.join(", "))));
    let expression = expression.map_err(|(_, error)| node.refuse(&error.to_string(), "use a Compose"));
    let expression = errors.keep(expression)?;
    Some(ActionKind::Compute(Box::new(Computation { inputs, expression })))
}
