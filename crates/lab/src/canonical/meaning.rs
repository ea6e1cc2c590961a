//! What must not change: the values that the product reads, and the comments.

use std::collections::BTreeMap;

use serde_saphyr::Spanned;
use yaml_parser::SyntaxKind;

use super::layout::position_at;
use crate::diagnostic::Position;
use crate::yaml::Node;

/// Returns the position of the first value that is another in `after`.
pub(super) fn difference(before: &Spanned<Node>, after: &Spanned<Node>) -> Option<Position> {
    let here = Some(Position::of(before));
    match (&before.value, &after.value) {
        (Node::Scalar(one, its), Node::Scalar(other, theirs)) => {
            if one == other && its == theirs {
                None
            } else {
                here
            }
        }
        (Node::List(ones), Node::List(others)) if ones.len() == others.len() => {
            ones.iter().zip(others).find_map(|(one, other)| difference(one, other))
        }
        (Node::Map(ones), Node::Map(others)) if ones.len() == others.len() => {
            let others: BTreeMap<&str, _> =
                others.iter().map(|(key, value)| (key.value.as_str(), value)).collect();
            ones.iter().find_map(|(key, value)| match others.get(key.value.as_str()) {
                Some(other) => difference(value, other),
                None => Some(Position::of(key)),
            })
        }
        _ => here,
    }
}

/// Returns the position in `before` of a comment that is not in `after`, or the start of the file
/// if `after` has more.
pub(super) fn lost_comment(before: &str, after: &str) -> Option<Position> {
    let mut rest: BTreeMap<String, usize> = BTreeMap::new();
    for (_, comment) in comments(after) {
        *rest.entry(comment).or_default() += 1;
    }
    for (offset, comment) in comments(before) {
        match rest.get_mut(&comment) {
            Some(count) if *count > 0 => *count -= 1,
            _ => return Some(position_at(before, offset)),
        }
    }
    rest.values().any(|count| *count > 0).then(Position::default)
}

/// Returns the comments of a text, with their offsets.
fn comments(text: &str) -> Vec<(usize, String)> {
    let Ok(root) = yaml_parser::parse(text) else { return Vec::new() };
    let tokens = root.descendants_with_tokens().filter_map(|element| element.into_token());
    tokens
        .filter(|token| token.kind() == SyntaxKind::COMMENT)
        .map(|token| (token.text_range().start().into(), token.text().trim_end().to_owned()))
        .collect()
}
