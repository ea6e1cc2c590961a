//! Checks literal settings with which an action or a trigger fails in every run. A definition that
//! an earlier version saved keeps them.

use serde_json::Value;

use super::node::{Node, QUOTED_MAX};
use super::refusal::Collected;
use super::values::{self, HEADERS_MAX};
use crate::expression::{Function, Template, compare, kind};

/// Returns a value that contains no expression.
fn literal(node: &Node<'_>) -> Option<Value> {
    Template::read(node.value()).ok()?.literal().cloned()
}

/// Returns the type that a value has in every run: that of a literal, of an array or object with
/// expressions, or of a text with them.
fn fixed_kind(node: &Node<'_>) -> Option<&'static str> {
    let value = node.value();
    if value.is_string() && !Template::read(value).ok()?.is_text() {
        return None;
    }
    Some(kind(value))
}

/// Checks the type of a member.
fn has_kind(node: &Node<'_>, member: &str, expected: &[&str], remedy: &str, errors: &mut Collected) {
    let Some(written) = node.optional(member) else { return };
    if let Some(found) = fixed_kind(&written).filter(|found| !expected.contains(found)) {
        let what = format!("this has the type {found}, not {}", expected.join(" or "));
        errors.keep_new(Err(written.refuse(&what, remedy)));
    }
}

/// A member has to be an array.
pub(super) fn array(node: &Node<'_>, member: &str, errors: &mut Collected) {
    has_kind(node, member, &["Array"], "write an array, or an expression for one", errors);
}

/// A member has to be an object.
pub(super) fn object(node: &Node<'_>, member: &str, errors: &mut Collected) {
    has_kind(node, member, &["Object"], "write an object, or an expression for one", errors);
}

/// Members have to be strings.
pub(super) fn strings(node: &Node<'_>, members: &[&str], errors: &mut Collected) {
    for member in members {
        has_kind(node, member, &["String"], "write a string, or an expression for one", errors);
    }
}

/// A literal member has to follow a rule.
pub(super) fn follows<T>(
    node: &Node<'_>,
    member: &str,
    rule: impl FnOnce(&Value) -> Result<T, &'static str>,
    errors: &mut Collected,
) {
    let Some(written) = node.optional(member) else { return };
    if let Some(Err(what)) = literal(&written).map(|value| rule(&value)) {
        errors.keep_new(Err(written.refuse(what, "correct it, or write an expression")));
    }
}

/// A literal member has to be a text that follows a rule.
pub(super) fn text_follows<T>(
    node: &Node<'_>,
    member: &str,
    rule: impl FnOnce(&str) -> Result<T, &'static str>,
    errors: &mut Collected,
) {
    strings(node, &[member], errors);
    follows(node, member, |value| value.as_str().map_or(Ok(()), |text| rule(text).map(|_| ())), errors);
}

/// Headers have to be an object whose literal members can be sent. `reserved` cannot be set.
pub(super) fn headers(node: &Node<'_>, member: &str, reserved: &[&str], errors: &mut Collected) {
    object(node, member, errors);
    let Some(written) = node.optional(member) else { return };
    let members = written.members().unwrap_or_default();
    if members.len() > HEADERS_MAX {
        let what = format!("there are more than {HEADERS_MAX} headers");
        errors.keep_new(Err(written.refuse(&what, "remove some")));
    }
    for (name, value) in members {
        let quoted: String = name.escape_debug().take(QUOTED_MAX).collect();
        let mut refuse = |what: String, remedy: &str| {
            errors.keep_new(Err(written.refuse_at(&format!(".{quoted}"), &what, remedy)));
        };
        // An expression can be a part of a name.
        let is_literal = !name.contains('@');
        if is_literal && !values::is_header_name(&name) {
            refuse(format!("'{quoted}' is not the name of a header"), "use letters, digits and -");
        } else if reserved.contains(&name.to_ascii_lowercase().as_str()) && literal(&value).is_some() {
            refuse(format!("the header '{quoted}' cannot be set"), "remove it");
        }
        let text = literal(&value).and_then(|value| values::header_text(&value));
        if text.is_some_and(|text| !values::is_header_value(&text)) {
            refuse(
                "this cannot be sent in a header".to_owned(),
                "remove line breaks and other control characters",
            );
        }
    }
}

/// A condition has no literal that is neither true nor false, and compares no literals that cannot
/// be compared.
pub(super) fn condition(node: &Node<'_>, errors: &mut Collected) {
    match node.value() {
        Value::String(_) if literal(node).is_some() => {
            let remedy = "write true, false or an expression, such as @equals(1, 1)";
            errors.keep_new(Err(node.refuse("this text is neither true nor false", remedy)));
        }
        Value::Object(_) => {
            for (operator, operands) in node.members().unwrap_or_default() {
                let operator = operator.to_ascii_lowercase();
                if operator == "not" {
                    condition(&operands, errors);
                    continue;
                }
                let elements = operands.elements().unwrap_or_default();
                if ["and", "or"].contains(&operator.as_str()) {
                    elements.iter().for_each(|one| condition(one, errors));
                    continue;
                }
                let values: Vec<_> = elements.iter().filter_map(literal).collect();
                let (Some(by), [left, right]) = (Function::named(&operator), values.as_slice()) else {
                    continue;
                };
                if let Err(error) = compare(by, left, right) {
                    let what = format!("these values cannot be compared: {error}");
                    errors.keep_new(Err(operands.refuse(&what, "correct them")));
                }
            }
        }
        _ => {}
    }
}
