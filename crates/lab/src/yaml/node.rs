//! A value of any form, with its position.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::diagnostic::yaml::Given;

/// A value of any form.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// A single value, and how it is written if it is not a text (`0123`).
    Scalar(Value, Option<String>),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl Node {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Scalar(Value::String(text.into()), None)
    }

    /// The text of a scalar.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::Scalar(Value::String(text), _) => Some(text.clone()),
            Self::Scalar(value, spelling) => Some(spelling.clone().unwrap_or_else(|| value.to_string())),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Its form, for messages.
    pub(crate) fn given(&self) -> Given {
        match self {
            Self::Scalar(Value::Null, spelling) => match spelling.as_deref() {
                // What is no number for JSON.
                Some(number) if number.starts_with(['.', '+', '-']) => Given::Value(number.to_owned()),
                _ => Given::Nothing,
            },
            Self::Scalar(Value::String(text), _) => Given::Text(text.clone()),
            Self::Scalar(..) => Given::Value(self.shown().unwrap_or_default()),
            Self::List(items) => Given::List(items.len()),
            Self::Map(_) => Given::Mapping,
        }
    }

    /// Whether it is a mapping with this name or role.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        let has =
            |key| self.get(key).and_then(|value| value.value.shown()).is_some_and(|shown| shown == name);
        has("name") || has("role")
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        const NODE: usize = 128;
        NODE + match self {
            Self::Scalar(Value::String(text), _) => text.len(),
            Self::Scalar(..) => 0,
            Self::List(items) => items.iter().map(|item| item.value.weight()).sum(),
            Self::Map(entries) => {
                entries.iter().map(|(key, value)| NODE + key.value.len() + value.value.weight()).sum()
            }
        }
    }

    /// The value of a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Spanned<Self>> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| name.value == key).map(|(_, value)| value)
    }

    /// Returns the value of a key of a mapping, to change it.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Spanned<Self>> {
        let Self::Map(entries) = self else { return None };
        entries.iter_mut().find(|(name, _)| name.value == key).map(|(_, value)| value)
    }

    /// Removes a key of a mapping, and returns its value.
    pub(crate) fn take(&mut self, key: &str) -> Option<Spanned<Self>> {
        let Self::Map(entries) = self else { return None };
        let index = entries.iter().position(|(name, _)| name.value == key)?;
        Some(entries.remove(index).1)
    }
}

/// Records how values that are not texts are written, so that a field that expects a text reads
/// `0123` as written.
pub(super) fn keep_spelling(node: &mut Spanned<Node>, text: &str) {
    let span = node.defined.span();
    match &mut node.value {
        Node::Scalar(Value::String(_), _) => {}
        Node::Scalar(_, spelling) => {
            let place = span.byte_offset().zip(span.byte_len());
            let place = place.and_then(|(offset, len)| {
                let start = usize::try_from(offset).ok()?;
                Some(start..start.checked_add(usize::try_from(len).ok()?)?)
            });
            let written = place.and_then(|place| text.get(place)).map(str::trim);
            let is_plain = |written: &&str| {
                let possible = |c: char| c.is_ascii_alphanumeric() || "+-._~".contains(c);
                !written.is_empty() && written.chars().all(possible)
            };
            *spelling = written.filter(is_plain).map(str::to_owned);
        }
        Node::List(items) => items.iter_mut().for_each(|item| keep_spelling(item, text)),
        Node::Map(entries) => entries.iter_mut().for_each(|(_, value)| keep_spelling(value, text)),
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
        Ok(Node::Scalar(value.into(), None))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into(), None))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into(), None))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into(), None))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into(), None))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null, None))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null, None))
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
