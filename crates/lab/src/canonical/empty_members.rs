//! Members without a value, such as `say:` with nothing behind it. A type would read an optional
//! one as absent, and the author of the file would not notice that something is missing.

use std::collections::BTreeSet;

use serde_saphyr::Spanned;

use super::members::Shape;
use crate::diagnostic::yaml::Given;
use crate::diagnostic::{Diagnostic, Position};
use crate::file_kind::FileKind;
use crate::yaml::Node;

/// Returns a mistake for each member without a value. In mappings with any names, such as variables
/// and the claims of a token, `null` is a value.
pub(crate) fn empty_members(name: &str, text: &str, tree: &Spanned<Node>, kind: FileKind) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk(tree, &Shape::of(kind), &mut found);
    let mistake = |position| {
        let remedy = "write a value, or remove the field";
        Diagnostic::new(name, text, position, "this is empty, where a value is expected", remedy)
    };
    found.into_iter().map(mistake).collect()
}

/// Returns the positions of all values that are written as nothing, wherever they are.
pub(crate) fn empty_values(tree: &Spanned<Node>) -> BTreeSet<Position> {
    let mut found = BTreeSet::new();
    let mut left = vec![tree];
    while let Some(node) = left.pop() {
        match &node.value {
            Node::Map(entries) => left.extend(entries.iter().map(|(_, value)| value)),
            Node::List(items) => left.extend(items),
            Node::Scalar(..) if node.value.given() == Given::Nothing => {
                found.insert(Position::of(node));
            }
            Node::Scalar(..) => {}
        }
    }
    found
}

fn walk(node: &Spanned<Node>, shape: &Shape, found: &mut Vec<Position>) {
    match &node.value {
        Node::Map(entries) => {
            for (key, value) in entries {
                if shape.has_members() && value.value.given() == Given::Nothing {
                    found.push(Position::of(value));
                }
                walk(value, &shape.member(&key.value), found);
            }
        }
        Node::List(items) => items.iter().for_each(|item| walk(item, &shape.item(), found)),
        Node::Scalar(..) => {}
    }
}
