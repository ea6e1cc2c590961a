//! Parses values with expressions.

use super::node::Node;
use super::refusal::{Collected, DefinitionError};
use crate::expression::Template;

/// Parses a value with expressions, and records all that are wrong.
pub(super) fn templates_in(node: &Node<'_>, errors: &mut Collected) -> Option<Template> {
    let error = match template(node) {
        Ok(template) => return Some(template),
        Err(error) => error,
    };
    let before = errors.len();
    if node.value().is_object() {
        for (_, member) in node.members().unwrap_or_default() {
            templates_in(&member, errors);
        }
    } else if node.value().is_array() {
        for element in node.elements().unwrap_or_default() {
            templates_in(&element, errors);
        }
    }
    if errors.len() == before {
        errors.push(error);
    }
    None
}

/// Parses a value with expressions.
pub(super) fn template(node: &Node<'_>) -> Result<Template, DefinitionError> {
    Template::read(node.value()).map_err(|(below, error)| {
        node.refuse_at(
            &below,
            &format!("this is not an expression ({error})"),
            "correct it, or write @@ for a plain @",
        )
    })
}

/// Parses a required member with expressions.
pub(super) fn required(
    node: &Node<'_>,
    member: &str,
    remedy: &str,
    errors: &mut Collected,
) -> Option<Template> {
    let found = errors.keep(node.required(member, remedy))?;
    templates_in(&found, errors)
}

/// Parses an optional member with expressions.
pub(super) fn optional(node: &Node<'_>, member: &str, errors: &mut Collected) -> Option<Template> {
    node.optional(member).and_then(|found| templates_in(&found, errors))
}
