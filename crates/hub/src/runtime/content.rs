//! The content of a message that policies read and change.

use std::cell::{Cell, OnceCell};
use std::{fmt, io};

use bytes::Bytes;
use serde_json::{Map, Value};

use super::transforms;
use crate::connector::{Transform, text_of};

/// The maximum length of content that policies read or change.
pub(super) const CONTENT_BYTES_MAX: usize = 8 << 20;
/// What the policies of a message copy of its content, all together.
const COPIED_BYTES_MAX: usize = 2 * CONTENT_BYTES_MAX;
/// How deep objects and lists may be nested: as deep as content that can be parsed.
const DEPTH_MAX: usize = 127;

/// Policies make too much of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooLarge {
    Length,
    Depth,
    Copied,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(f, "makes content of more than {CONTENT_BYTES_MAX} bytes"),
            Self::Copied => {
                write!(f, "makes copies of the content of more than {COPIED_BYTES_MAX} bytes in all")
            }
            Self::Depth => write!(f, "makes content with more than {DEPTH_MAX} levels"),
        }
    }
}

/// The content of a message, which is parsed when a policy needs it.
#[derive(Debug)]
pub(super) struct Content {
    bytes: Bytes,
    json: OnceCell<Option<Value>>,
    /// The length of the JSON text, about.
    length: usize,
    copied: Cell<usize>,
    is_changed: bool,
}

impl Content {
    pub(super) fn new(bytes: Bytes) -> Self {
        let length = bytes.len();
        Self { bytes, json: OnceCell::new(), length, copied: Cell::new(0), is_changed: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the content, or `None` if it is not JSON, too long or too deeply nested.
    pub(super) fn json(&self) -> Option<&Value> {
        let parse = || serde_json::from_slice(&self.bytes).ok();
        self.json.get_or_init(|| if self.bytes.len() > CONTENT_BYTES_MAX { None } else { parse() }).as_ref()
    }

    /// Returns a member as a text.
    pub(super) fn text(&self, members: &[String]) -> Option<String> {
        if self.check().is_err() {
            return None;
        }
        let text = text_of(member(self.json()?, members)?);
        self.copied.set(self.copied.get() + text.len());
        Some(text)
    }

    /// Whether policies have copied too much of the content.
    pub(super) fn check(&self) -> Result<(), TooLarge> {
        if self.copied.get() > COPIED_BYTES_MAX { Err(TooLarge::Copied) } else { Ok(()) }
    }

    /// Sets a member below `parent` to another member, with its type, if both are there.
    pub(super) fn copy_member(
        &mut self,
        (parent, name): (&[String], &[String]),
        from: &[String],
    ) -> Result<(), TooLarge> {
        let Some(value) = self.json().and_then(|json| member(json, from)) else { return Ok(()) };
        self.fit((parent, name), value)?;
        let value = value.clone();
        self.insert((parent, name), value);
        Ok(())
    }

    /// Sets a member below `parent`, if that is an object, and creates those between them.
    pub(super) fn set_member(
        &mut self,
        (parent, name): (&[String], &[String]),
        value: Value,
    ) -> Result<(), TooLarge> {
        self.fit((parent, name), &value)?;
        self.insert((parent, name), value);
        Ok(())
    }

    /// Converts a member below `parent`, or below each of its items if that is a list, and sets
    /// another one to the result. Without a name it is `parent` itself, and the other one is below
    /// the content.
    pub(super) fn convert(
        &mut self,
        (parent, name): (&[String], &[String]),
        target: &[String],
        transform: &Transform,
    ) -> Result<(), TooLarge> {
        let Some(at) = self.json().and_then(|json| member(json, parent)) else { return Ok(()) };
        let places: Vec<Vec<String>> = match at {
            _ if name.is_empty() => vec![Vec::new()],
            Value::Array(items) => {
                let below = |index: usize| parent.iter().cloned().chain([index.to_string()]).collect();
                (0..items.len()).map(below).collect()
            }
            _ => vec![parent.to_vec()],
        };
        for place in places {
            let from: Vec<_> = if name.is_empty() { parent.to_vec() } else { [&place, name].concat() };
            let Some(value) = self.json().and_then(|json| member(json, &from)) else { continue };
            let estimate = length(value).saturating_add(transforms::growth(value, transform));
            self.copied.set(self.copied.get().saturating_add(estimate));
            self.check()?;
            if let Some(new) = transforms::convert(value, transform) {
                self.set_member((&place, target), new)?;
            }
        }
        Ok(())
    }

    /// Replaces a member that is a text by another text.
    pub(super) fn replace_text(
        &mut self,
        (parent, name): (&[String], &str),
        new: impl FnOnce(&str) -> Option<String>,
    ) -> Result<(), TooLarge> {
        let name = [name.to_owned()];
        let path = [parent, &name].concat();
        let text = self.json().and_then(|json| member(json, &path)).and_then(Value::as_str);
        match text.and_then(new) {
            Some(text) => self.set_member((parent, &name), Value::String(text)),
            None => Ok(()),
        }
    }

    fn fit(&self, (parent, name): (&[String], &[String]), value: &Value) -> Result<(), TooLarge> {
        if parent.len() + name.len() + depth(value) > DEPTH_MAX {
            return Err(TooLarge::Depth);
        }
        let added = length(value) + name.iter().map(|part| part.len() + 6).sum::<usize>();
        self.copied.set(self.copied.get() + added);
        if self.length + added > CONTENT_BYTES_MAX { Err(TooLarge::Length) } else { self.check() }
    }

    fn insert(&mut self, (parent, name): (&[String], &[String]), value: Value) {
        let Some(Some(json)) = self.json.get_mut() else { return };
        let added = length(&value) + name.iter().map(|part| part.len() + 6).sum::<usize>();
        if let Ok(replaced) = set_member(json, parent, name, value) {
            self.length = (self.length + added).saturating_sub(replaced.map_or(0, |old| length(&old)));
            self.is_changed = true;
        }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        match self.json.into_inner() {
            Some(Some(json)) if self.is_changed => json.to_string().into(),
            _ => self.bytes,
        }
    }
}

/// Returns a member of a JSON value; the name of a list's item is its index.
fn member<'a>(value: &'a Value, members: &[String]) -> Option<&'a Value> {
    members.iter().try_fold(value, |value, name| match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// There is no place for a member.
struct NoPlace;

/// Sets a member, and returns the one that it replaces.
fn set_member(
    body: &mut Value,
    parent: &[String],
    name: &[String],
    value: Value,
) -> Result<Option<Value>, NoPlace> {
    let mut place = body;
    for part in parent {
        let next = match place {
            Value::Object(members) => members.get_mut(part),
            Value::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            _ => None,
        };
        place = next.ok_or(NoPlace)?;
    }
    let (last, between) = name.split_last().ok_or(NoPlace)?;
    for part in between {
        let Value::Object(members) = place else { return Err(NoPlace) };
        place = members.entry(part).or_insert_with(|| Value::Object(Map::new()));
    }
    let Value::Object(members) = place else { return Err(NoPlace) };
    Ok(members.insert(last.clone(), value))
}

/// Returns how deep a value is nested; one that contains no others is not.
fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Returns the length of a value as a JSON text, in bytes.
fn length(value: &Value) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting never fails.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    fn content(value: &Value) -> Content {
        Content::new(value.to_string().into())
    }

    #[test]
    fn members_are_set_and_copied() {
        let mut changed = content(&json!({"a": [{"b": 1}], "c": "x"}));
        for (parent, name, from, fits) in [
            ("a/0", "d/e", "c", true),
            ("", "f", "a/0/b", true),
            ("", "g", "none", true),
            ("c", "h", "c", true),
            ("a", "i", "c", true),
        ] {
            let (parent, name) = (path(parent), path(name));
            let made = changed.copy_member((&parent, &name), &path(from));
            assert_eq!(made.is_ok(), fits, "{name:?}");
        }
        changed.set_member((&[], &path("c")), json!("y")).expect("it fits");
        assert_eq!(changed.text(&path("a/0/d/e")).as_deref(), Some("x"));
        let read: Value = serde_json::from_slice(&changed.into_bytes()).expect("JSON");
        assert_eq!(read, json!({"a": [{"b": 1, "d": {"e": "x"}}], "c": "y", "f": 1}));
    }

    #[test]
    fn content_that_no_policy_changes_stays_as_it_is() {
        let bytes = Bytes::from_static(b"{ \"a\" : 1 }");
        let mut same = Content::new(bytes.clone());
        same.copy_member((&[], &path("b")), &path("none")).expect("it fits");
        assert_eq!(same.into_bytes(), bytes);
        assert_eq!(Content::new(Bytes::from_static(b"tea")).json(), None);
    }

    #[test]
    fn doubled_content_ends_at_the_limit() {
        let mut doubled = content(&json!({"k": "y".repeat(100)}));
        let made = (0..200).try_for_each(|n| doubled.copy_member((&[], &path(&format!("m{n}"))), &[]));
        // Each copy is also one level deeper.
        assert_eq!(made, Err(TooLarge::Length));
        assert!(doubled.into_bytes().len() <= CONTENT_BYTES_MAX);
        let mut replaced = content(&json!({"k": "y".repeat(1_000_000)}));
        let made = (0..200).try_for_each(|_| replaced.copy_member((&[], &path("m")), &path("k")));
        assert_eq!(made, Err(TooLarge::Copied));
    }

    #[test]
    fn nested_content_ends_at_the_limit() {
        let mut nested = content(&json!({"a": {}}));
        let made = (0..200).try_for_each(|_| nested.copy_member((&[], &path("a/b")), &path("a")));
        assert_eq!(made, Err(TooLarge::Depth));
        let bytes = nested.into_bytes();
        assert!(serde_json::from_slice::<Value>(&bytes).is_ok(), "{} bytes", bytes.len());
        let deep = "[".repeat(3_000) + &"]".repeat(3_000);
        assert_eq!(Content::new(deep.into()).json(), None);
    }
}
