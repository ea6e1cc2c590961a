//! The layout: indentation, line breaks, spaces and quotes.

use std::collections::BTreeSet;

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions};
use serde_saphyr::Spanned;

use crate::diagnostic::Position;
use crate::yaml::Node;

/// The width at which a flow mapping or list is broken, in columns. Texts are never broken.
const WIDTH: usize = 140;

/// The indentation from which the parser of the formatter fails, in columns, with some reserve.
const INDENT_MAX: usize = 60;

/// What the formatter cannot read.
pub(super) struct Unreadable {
    pub(super) position: Position,
    pub(super) message: String,
}

/// Returns the text with the canonical layout.
pub(super) fn lay_out(text: &str) -> Result<String, Unreadable> {
    pretty_yaml::format_text(text, &options()).map_err(|error| Unreadable {
        position: position_at(text, error.offset()),
        message: error.message().lines().next().unwrap_or("it has an unusual form").to_owned(),
    })
}

fn options() -> FormatOptions {
    FormatOptions {
        layout: LayoutOptions { print_width: WIDTH, ..LayoutOptions::default() },
        language: LanguageOptions {
            brace_spacing: false,
            // What fits on a line is written on one, whatever its author did.
            prefer_single_line: true,
            // It would also trim the lines of block scalars; other lines have no space to trim.
            trim_trailing_whitespaces: false,
            // No comment switches the layout off: none contains a line break.
            ignore_comment_directive: "\n".to_owned(),
            ..LanguageOptions::default()
        },
    }
}

/// Returns the position of a byte.
pub(super) fn position_at(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let counted = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Position { line: counted(line), column: counted(column) }
}

/// Returns the position of a value or key whose line is indented too far; a dash counts as
/// indentation.
pub(super) fn too_deep(text: &str, tree: &Spanned<Node>) -> Option<Position> {
    let indent_of = |line: &str| line.chars().take_while(|c| " \t-?:".contains(*c)).count();
    let deep: BTreeSet<u64> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| indent_of(line) > INDENT_MAX)
        .map(|(line, _)| line)
        .collect();
    // Such lines are usually parts of texts.
    if deep.is_empty() { None } else { first_in(tree, &deep) }
}

/// Returns the position of the first value or key on one of these lines.
fn first_in(node: &Spanned<Node>, lines: &BTreeSet<u64>) -> Option<Position> {
    let here = |position: Position| lines.contains(&position.line).then_some(position);
    here(Position::at(node.defined)).or_else(|| match &node.value {
        Node::Scalar(..) => None,
        Node::List(items) => items.iter().find_map(|item| first_in(item, lines)),
        Node::Map(entries) => entries
            .iter()
            .find_map(|(key, value)| here(Position::at(key.defined)).or_else(|| first_in(value, lines))),
    })
}
