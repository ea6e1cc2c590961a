//! YAML with positions: reads a file into typed data, reports all its mistakes, and finds the
//! position of a value.

mod lines;
mod node;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_saphyr::Spanned;

use self::lines::{Lines, Path};
pub(crate) use self::node::Node;
use crate::diagnostic::{Diagnostic, Position, read_yaml};

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
    let Some(tree) = tree(text) else { return Err(vec![first]) };
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

/// Returns the top-level keys of a file; `None` if it is not a YAML mapping.
pub fn top_names(text: &str) -> Option<Vec<String>> {
    match tree(text)?.value {
        Node::Map(entries) => Some(entries.into_iter().map(|(key, _)| key.value).collect()),
        Node::Scalar(..) | Node::List(_) => None,
    }
}

/// Reads YAML as a tree of values with their positions; `None` if it is not valid.
pub(crate) fn tree(text: &str) -> Option<Spanned<Node>> {
    let options = serde_saphyr::options! { with_snippet: false };
    let mut tree = serde_saphyr::from_str_with_options(text, options).ok()?;
    node::keep_spelling(&mut tree, text);
    Some(tree)
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
            let first = Diagnostic::from_yaml_at(file, text, Position::of(&tree), &error);
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
        let mistake = Diagnostic::from_yaml_at(file, text, position, &error);
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
