//! YAML with positions: reads a file into typed data, reports all its mistakes, and finds the
//! position of a value.

mod lines;
mod node;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_saphyr::Spanned;

use self::lines::{Lines, Path};
pub(crate) use self::node::Node;
use crate::diagnostic::yaml::{Given, read_yaml};
use crate::diagnostic::{Diagnostic, Position};

/// Maximum number of mistakes reported for one file.
const MISTAKES_MAX: usize = 50;

/// Reads YAML into typed data.
///
/// # Errors
/// Every structural mistake: unknown and missing fields, and values of the wrong type. Text that is
/// not YAML has one mistake.
pub fn read_all<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Vec<Diagnostic>> {
    let first = match read_yaml::<T>(file, text) {
        Ok(read) => return Ok(read),
        Err(first) => first,
    };
    let tree = read_tree_of(file, text).map_err(|wrong| vec![wrong])?;
    let mut mistakes = mistakes_of_form::<T>(file, text, tree);
    if mistakes.is_empty() {
        mistakes.push(first);
    }
    Err(mistakes)
}

/// Returns the position of the value at a JSON Pointer (RFC 6901), or of the nearest enclosing
/// value.
pub(crate) fn position_of(text: &str, pointer: &str) -> Position {
    let Some(tree) = tree(text) else { return Position::default() };
    let (mut at, mut position) = (&tree, Position::of(&tree));
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        let next = match &at.value {
            Node::Map(entries) => {
                entries.iter().find(|(key, _)| key.value == segment).map(|(_, value)| value)
            }
            Node::List(items) => segment.parse::<usize>().ok().and_then(|index| items.get(index)),
            Node::Scalar(..) => None,
        };
        let Some(next) = next else { break };
        (at, position) = (next, Position::of(next));
    }
    position
}

/// Returns the position of the value at `path` within the value at `start`, or of the nearest
/// enclosing value. A segment of the path is the key of an entry, the index of an item, or the name
/// of an item.
pub(crate) fn position_within(text: &str, start: Position, path: &[String]) -> Position {
    let tree = tree(text);
    let Some(mut at) = tree.as_ref().and_then(|tree| find(tree, start)) else { return start };
    for (depth, segment) in path.iter().enumerate() {
        let next = match &at.value {
            Node::Map(entries) => {
                let Some((key, value)) = entries.iter().find(|(key, _)| key.value == *segment) else { break };
                // A mistake of a whole user or application is one of its name.
                if depth == 1 && path.len() == 2 {
                    return Position::of(key);
                }
                Some(value)
            }
            Node::List(items) => match segment.parse::<usize>() {
                Ok(index) => items.get(index),
                Err(_) => items.iter().find(|item| item.value.is_named(segment)),
            },
            Node::Scalar(..) => None,
        };
        let Some(next) = next else { break };
        at = next;
    }
    Position::of(at)
}

/// Finds the outermost value at a position.
fn find(tree: &Spanned<Node>, position: Position) -> Option<&Spanned<Node>> {
    if Position::of(tree) == position {
        return Some(tree);
    }
    match &tree.value {
        Node::Map(entries) => entries.iter().find_map(|(_, value)| find(value, position)),
        Node::List(items) => items.iter().find_map(|item| find(item, position)),
        Node::Scalar(..) => None,
    }
}

/// Returns the top-level keys of a file; `None` if it is not a YAML mapping.
pub(crate) fn top_names(text: &str) -> Option<Vec<String>> {
    match tree(text)?.value {
        Node::Map(entries) => Some(entries.into_iter().map(|(key, _)| key.value).collect()),
        Node::Scalar(..) | Node::List(_) => None,
    }
}

/// Returns the position of a top-level key.
pub(crate) fn position_of_key(text: &str, key: &str) -> Position {
    let start = Position { line: 1, column: 1 };
    match tree(text).map(|tree| tree.value) {
        Some(Node::Map(entries)) => {
            entries.iter().find(|(name, _)| name.value == key).map_or(start, |(name, _)| Position::of(name))
        }
        _ => start,
    }
}

/// Reads YAML as a tree of values with their positions; `None` if it is not valid.
pub(crate) fn tree(text: &str) -> Option<Spanned<Node>> {
    read_tree_of("", text).ok()
}

/// Reads YAML as a tree of values with their positions.
///
/// # Errors
/// Why it is not valid.
pub(crate) fn read_tree_of(file: &str, text: &str) -> Result<Spanned<Node>, Diagnostic> {
    let options = serde_saphyr::options! { with_snippet: false };
    let mut tree = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Diagnostic::from_yaml(file, text, &error))?;
    node::keep_spelling(&mut tree, text);
    Ok(tree)
}

/// Reads a tree, which can differ from `text`, into typed data. A position in the data is a line of
/// the returned list, which contains the position in `text`.
///
/// # Errors
/// Every structural mistake, as [`read_all`].
pub(crate) fn read_tree<T: DeserializeOwned>(
    file: &str,
    text: &str,
    tree: Spanned<Node>,
) -> Result<(T, Vec<Position>), Vec<Diagnostic>> {
    let mut lines = Lines::default();
    lines.write(&tree, &mut Path::new());
    let options = serde_saphyr::options! { with_snippet: false };
    match serde_saphyr::from_str_with_options(&lines.text, options) {
        Ok(read) => {
            let place = |(path, is_key): &(Path, bool)| place_of(&tree, path, *is_key);
            Ok((read, lines.places.iter().map(place).collect()))
        }
        Err(error) => {
            let first =
                Diagnostic::from_yaml_at(file, text, Position::of(&tree), &error, Some(&tree.value.given()));
            let mut mistakes = mistakes_of_form::<T>(file, text, tree);
            if mistakes.is_empty() {
                mistakes.push(first);
            }
            Err(mistakes)
        }
    }
}

/// Deserializes the tree repeatedly, each time without the entry that contained the last mistake.
fn mistakes_of_form<T: DeserializeOwned>(file: &str, text: &str, mut tree: Spanned<Node>) -> Vec<Diagnostic> {
    if let Some(wrong) = not_a_mapping(file, text, &tree) {
        return vec![wrong];
    }
    let mut mistakes = Vec::new();
    let mut removed = BTreeSet::new();
    for _ in 0..MISTAKES_MAX {
        let mut lines = Lines::default();
        lines.write(&tree, &mut Path::new());
        let options = serde_saphyr::options! { with_snippet: false };
        let Err(error) = serde_saphyr::from_str_with_options::<T>(&lines.text, options) else { break };
        let line = error.location().map_or(0, |location| Position::at(location).line);
        let place = line.checked_sub(1).and_then(|at| lines.places.get(usize::try_from(at).ok()?));
        let Some((path, is_key)) = place else { break };
        let missing = error.to_string();
        let missing = missing.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        // The reader reports a missing field at the first key of its mapping.
        let of_parent = missing.is_some() && *is_key;
        let path = if of_parent { &path[..path.len().saturating_sub(1)] } else { path };
        let position = place_of(&tree, path, *is_key && !of_parent);
        let given = node_at(&tree, path).filter(|_| !*is_key).map(|node| node.value.given());
        let mistake = Diagnostic::from_yaml_at(file, text, position, &error, given.as_ref());
        match missing {
            // The value of this field was wrong, which is reported already.
            Some(field) if removed.contains(&(position, field.to_owned())) => {}
            _ => mistakes.push(mistake),
        }
        let Some((last, parent)) = path.split_last() else { break };
        let parent_position = place_of(&tree, parent, false);
        if let Some(name) = remove(&mut tree.value, parent, *last) {
            removed.insert((parent_position, name));
        }
    }
    mistakes.sort_by_key(|mistake| mistake.position);
    mistakes
}

/// The mistake of a file that is no mapping.
fn not_a_mapping(file: &str, text: &str, tree: &Spanned<Node>) -> Option<Diagnostic> {
    let remedy = "begin with `scenarios:`, or with the fields of a seed; docs/scenarios.md has examples";
    let start = Position { line: 1, column: 1 };
    let (position, message) = match tree.value.given() {
        Given::Mapping => return None,
        Given::Nothing if tree.value.shown().is_none_or(|shown| shown.is_empty() || shown == "null") => {
            (start, "the file is empty".to_owned())
        }
        Given::List(_) => (Position::of(tree), "the file is a list, where a mapping is expected".to_owned()),
        _ => (Position::of(tree), "the file is a single value, where a mapping is expected".to_owned()),
    };
    Some(Diagnostic::new(file, text, position, message, remedy))
}

/// Returns the value at `path`.
fn node_at<'t>(tree: &'t Spanned<Node>, path: &[usize]) -> Option<&'t Spanned<Node>> {
    path.iter().try_fold(tree, |at, index| match &at.value {
        Node::Map(entries) => entries.get(*index).map(|(_, value)| value),
        Node::List(items) => items.get(*index),
        Node::Scalar(..) => None,
    })
}

/// Returns the position of the value at `path`, or of its key.
fn place_of(tree: &Spanned<Node>, path: &[usize], of_key: bool) -> Position {
    let (mut at, mut key) = (tree, None);
    for index in path {
        let next = match &at.value {
            Node::Map(entries) => entries.get(*index).map(|(name, value)| (Some(name), value)),
            Node::List(items) => items.get(*index).map(|item| (None, item)),
            Node::Scalar(..) => None,
        };
        let Some(next) = next else { break };
        (key, at) = next;
    }
    key.filter(|_| of_key).map_or_else(|| Position::of(at), Position::of)
}

/// Removes the entry or item at `last` of `parent`; returns the name of an entry.
fn remove(tree: &mut Node, parent: &[usize], last: usize) -> Option<String> {
    let mut at = tree;
    for index in parent {
        at = match at {
            Node::Map(entries) => &mut entries.get_mut(*index)?.1.value,
            Node::List(items) => &mut items.get_mut(*index)?.value,
            Node::Scalar(..) => return None,
        };
    }
    match at {
        Node::Map(entries) if last < entries.len() => Some(entries.remove(last).0.value),
        Node::List(items) if last < items.len() => {
            items.remove(last);
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its form is read")]
    struct Shop {
        name: String,
        #[serde(default)]
        goods: Vec<Good>,
        #[serde(default)]
        prices: BTreeMap<String, u32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its form is read")]
    struct Good {
        id: Spanned<u32>,
        open: bool,
    }

    #[test]
    fn every_mistake_of_form_is_found_with_its_place() {
        let text = "nmae: x\nname: x\ngoods:\n  - {id: one, open: true}\n  - {id: 2}\n  - id: 3\n    open: perhaps\n    \
                    more: 1\n  - {id: 4, open: false}\nprices: {a: 1, b: [2], c: many}\n";
        let mistakes = read_all::<Shop>("shop.yaml", text).expect_err("it has mistakes");
        let places: Vec<_> = mistakes.iter().map(|m| (m.position.line, m.position.column)).collect();
        assert_eq!(places, [(1, 1), (4, 10), (5, 5), (7, 11), (8, 5), (10, 19), (10, 27)], "{mistakes:?}");
        assert!(mistakes[0].message.contains("nmae"), "{mistakes:?}");
        assert!(mistakes[2].message.contains("open"), "{mistakes:?}");
    }

    #[test]
    fn a_value_is_found_by_its_pointer() {
        let text = "a:\n  - b: 1\n  - b:\n      'c/d': 2\n";
        let at = |pointer| {
            let Position { line, column } = position_of(text, pointer);
            (line, column)
        };
        assert_eq!(at("/a/0/b"), (2, 8));
        assert_eq!(at("/a/1/b/c~1d"), (4, 14));
        assert_eq!(at("/a/1/b/x/y"), at("/a/1/b"));
        assert_eq!(at("/nothing"), (1, 1));
        assert_eq!(position_of("a: [", "/a"), Position::default());
    }

    #[test]
    fn text_that_is_not_yaml_has_one_mistake() {
        let mistakes = read_all::<Shop>("shop.yaml", "name: [").expect_err("it is not YAML");
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    }
}
