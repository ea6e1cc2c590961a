//! YAML with positions: reads a file into typed data, reports all its mistakes, and finds the
//! position of a value.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::diagnostic::{Diagnostic, Position, read_yaml};

/// Maximum number of mistakes reported for one file.
const MISTAKES_MAX: usize = 50;

/// A value of any form.
#[derive(Clone, Debug)]
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

/// The path to a value: the index of the entry or item at each level.
type Path = Vec<usize>;

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
            Node::Scalar(_) => None,
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
        Node::Scalar(_) | Node::List(_) => None,
    }
}

fn tree(text: &str) -> Option<Spanned<Node>> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).ok()
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
            Node::Scalar(_) => None,
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
            Node::Scalar(_) => return None,
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

/// The tree as YAML text in which every key and every value begins a line of its own, so that a
/// line number identifies a value.
#[derive(Default)]
struct Lines {
    text: String,
    /// The value of each line, and whether it is the line of its key.
    places: Vec<(Path, bool)>,
}

impl Lines {
    fn line(&mut self, path: &Path, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.places.push((path.clone(), false));
    }

    fn key(&mut self, path: &Path, key: &str) {
        self.line(path, &format!(" {}:", Value::from(key)));
        if let Some((_, is_key)) = self.places.last_mut() {
            *is_key = true;
        }
    }

    fn write(&mut self, node: &Spanned<Node>, path: &mut Path) {
        match &node.value {
            Node::Scalar(value) => self.line(path, &format!(" {value}")),
            Node::List(items) => {
                self.line(path, " [");
                for (index, item) in items.iter().enumerate() {
                    path.push(index);
                    self.write(item, path);
                    path.pop();
                    self.line(path, " ,");
                }
                self.line(path, " ]");
            }
            Node::Map(entries) => {
                self.line(path, " {");
                for (index, (key, value)) in entries.iter().enumerate() {
                    path.push(index);
                    self.key(path, &key.value);
                    self.write(value, path);
                    path.pop();
                    self.line(path, " ,");
                }
                self.line(path, " }");
            }
        }
    }
}

impl<'de> de::Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
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
