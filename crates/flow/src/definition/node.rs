//! A JSON value with its path, for error messages.

use serde_json::{Map, Value};

use super::refusal::DefinitionError;

/// The maximum length of input that a path or message quotes, in characters.
pub(super) const QUOTED_MAX: usize = 100;
/// The maximum number of unknown members that a message quotes.
const UNKNOWN_QUOTED_MAX: usize = 20;

/// A value in the document.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    pub(super) fn new(path: impl Into<String>, value: &'a Value) -> Self {
        Self { path: path.into(), value }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) const fn value(&self) -> &'a Value {
        self.value
    }

    fn below(&self, name: &str, value: &'a Value) -> Self {
        let mut path = self.path.clone();
        path.push('.');
        path.extend(name.chars().take(QUOTED_MAX));
        Self { path, value }
    }

    /// Returns an error for this value.
    pub(super) fn refuse(&self, what: &str, remedy: &str) -> DefinitionError {
        DefinitionError { path: self.path.clone(), what: what.to_owned(), remedy: remedy.to_owned() }
    }

    /// Returns an error for a value below this one.
    pub(super) fn refuse_at(&self, below: &str, what: &str, remedy: &str) -> DefinitionError {
        DefinitionError {
            path: format!("{}{below}", self.path),
            what: what.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    pub(super) fn object(&self) -> Result<&'a Map<String, Value>, DefinitionError> {
        self.value.as_object().ok_or_else(|| self.refuse("this is not an object", "write an object {…} here"))
    }

    /// Returns the members of an object, in document order if it is known, otherwise sorted.
    pub(super) fn members(&self) -> Result<Vec<(String, Node<'a>)>, DefinitionError> {
        Ok(self.object()?.iter().map(|(name, value)| (name.clone(), self.below(name, value))).collect())
    }

    pub(super) fn elements(&self) -> Result<Vec<Node<'a>>, DefinitionError> {
        let items = self
            .value
            .as_array()
            .ok_or_else(|| self.refuse("this is not an array", "write an array […] here"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(at, value)| Self::new(format!("{}[{at}]", self.path), value))
            .collect())
    }

    /// Returns an optional member; null counts as absent.
    pub(super) fn optional(&self, name: &str) -> Option<Node<'a>> {
        self.value.get(name).filter(|value| !value.is_null()).map(|value| self.below(name, value))
    }

    pub(super) fn required(&self, name: &str, remedy: &str) -> Result<Node<'a>, DefinitionError> {
        self.object()?;
        self.optional(name).ok_or_else(|| self.refuse(&format!("'{name}' is missing"), remedy))
    }

    pub(super) fn text(&self) -> Result<&'a str, DefinitionError> {
        self.value
            .as_str()
            .ok_or_else(|| self.refuse("this is not a string", "write a string in \"double quotes\" here"))
    }

    /// Rejects unknown members, such as a misspelt `runafter`.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), DefinitionError> {
        let mut unknown: Vec<String> = self
            .object()?
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .take(UNKNOWN_QUOTED_MAX)
            .map(|name| format!("'{}'", name.chars().take(QUOTED_MAX).collect::<String>()))
            .collect();
        let Some(last) = unknown.pop() else { return Ok(()) };
        let what = if unknown.is_empty() {
            format!("{last} is not a known member")
        } else {
            format!("{} and {last} are not known members", unknown.join(", "))
        };
        Err(self.refuse(&what, &format!("the known members are {}", known.join(", "))))
    }
}
