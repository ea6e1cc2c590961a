//! Reads the members of a JSON object and reports all mistakes at once: a wrong type, a missing
//! member, or a member that nothing reads.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::ArmRefusal;

/// The maximum number of mistakes in a response.
const SHOWN_MAX: usize = 50;
/// The maximum length of a name of the caller's in a response, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 80;

/// The mistakes in a request body.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<String>);

impl Mistakes {
    /// Records that the member at `at` is not valid.
    pub(crate) fn add(&mut self, at: &str, why: impl std::fmt::Display) {
        self.0.push(format!("{at}: {why}."));
    }

    /// Returns an error with all mistakes, if there are any.
    pub(crate) fn into_result(mut self) -> Result<(), ArmRefusal> {
        let omitted = self.0.len().saturating_sub(SHOWN_MAX);
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.truncate(SHOWN_MAX);
        if omitted > 0 {
            self.0.push(format!("There are {omitted} more mistakes."));
        }
        Err(ArmRefusal::invalid(self.0.join(" ")))
    }
}

/// The members of an object that have not been read yet. Absent and `null` are the same.
#[derive(Debug, Default)]
pub(crate) struct Members {
    at: String,
    members: Map<String, Value>,
}

impl Members {
    /// The members of a request body.
    pub(crate) const fn new(body: Map<String, Value>) -> Self {
        Self { at: String::new(), members: body }
    }

    /// The members of an object with this path.
    #[cfg(test)]
    pub(crate) fn at(at: &str, members: Map<String, Value>) -> Self {
        Self { at: at.to_owned(), members }
    }

    /// Returns the path of a member (`properties.api.id`).
    pub(crate) fn path(&self, name: &str) -> String {
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        if self.at.is_empty() { name } else { format!("{}.{name}", self.at) }
    }

    /// Whether nothing is left to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes a member of any type.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a string.
    pub(crate) fn text(&mut self, name: &str, mistakes: &mut Mistakes) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            _ => {
                mistakes.add(&self.path(name), "it must be a string");
                None
            }
        }
    }

    /// Takes a string that must be there.
    pub(crate) fn required_text(&mut self, name: &str, mistakes: &mut Mistakes) -> Option<String> {
        self.require(name, mistakes);
        self.text(name, mistakes)
    }

    /// Takes an object, which has its own path.
    pub(crate) fn object(&mut self, name: &str, mistakes: &mut Mistakes) -> Option<Self> {
        match self.value(name)? {
            Value::Object(members) => Some(Self { at: self.path(name), members }),
            _ => {
                mistakes.add(&self.path(name), "it must be an object");
                None
            }
        }
    }

    /// Takes a list of objects, each of which has its own path (`parameters[0]`).
    pub(crate) fn objects(&mut self, name: &str, mistakes: &mut Mistakes) -> Option<Vec<Self>> {
        let Value::Array(list) = self.value(name)? else {
            mistakes.add(&self.path(name), "it must be a list");
            return None;
        };
        let item = |(n, value)| match value {
            Value::Object(members) => Some(Self { at: format!("{}[{n}]", self.path(name)), members }),
            _ => {
                mistakes.add(&format!("{}[{n}]", self.path(name)), "it must be an object");
                None
            }
        };
        Some(list.into_iter().enumerate().filter_map(item).collect())
    }

    /// Takes a string that stands for something else, `what`.
    pub(crate) fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        what: &str,
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        let parsed = self.text(name, mistakes)?.parse();
        if parsed.is_err() {
            mistakes.add(&self.path(name), format!("it must be {what}"));
        }
        parsed.ok()
    }

    /// Takes a string that stands for something else and must be there.
    pub(crate) fn required<T: FromStr>(
        &mut self,
        name: &str,
        what: &str,
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        self.require(name, mistakes);
        self.parsed(name, what, mistakes)
    }

    /// Takes an object that must be there.
    pub(crate) fn required_object(&mut self, name: &str, mistakes: &mut Mistakes) -> Option<Self> {
        self.require(name, mistakes);
        self.object(name, mistakes)
    }

    fn require(&self, name: &str, mistakes: &mut Mistakes) {
        if self.members.get(name).is_none_or(Value::is_null) {
            mistakes.add(&self.path(name), "it is required");
        }
    }

    /// Takes a member that cannot be changed: if it is there, it must have its current
    /// value, or be an empty list or object if it has no value yet.
    pub(crate) fn read_only(&mut self, name: &str, current: &Value, mistakes: &mut Mistakes) {
        let given = self.value(name);
        if given
            .as_ref()
            .is_some_and(|given| !(is_same(given, current) || current.is_null() && is_empty(given)))
        {
            mistakes.add(&self.path(name), "it is read-only and has another value");
        }
    }

    /// Returns the members that have not been read.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.members
    }

    /// Records every member that has not been read.
    pub(crate) fn end(self, mistakes: &mut Mistakes) {
        for (name, value) in &self.members {
            if !value.is_null() {
                mistakes.add(&self.path(name), "there is no such member");
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Compares ids and names, which are case-insensitive in ARM, and other values.
fn is_same(given: &Value, current: &Value) -> bool {
    match (given, current) {
        (Value::String(given), Value::String(current)) => given.eq_ignore_ascii_case(current),
        _ => given == current,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        match value {
            Value::Object(members) => Members::new(members),
            other => panic!("not an object: {other}"),
        }
    }

    #[test]
    fn all_mistakes_are_reported_with_their_paths() {
        let mut mistakes = Mistakes::default();
        let mut body = members(json!({
            "id": "/A", "kind": "V1", "extra": 1, "absent": null, "properties": {"name": 7, "api": []},
        }));
        body.read_only("id", &json!("/a"), &mut mistakes);
        body.read_only("kind", &json!("V2"), &mut mistakes);
        let mut properties = body.required_object("properties", &mut mistakes).expect("there");
        assert_eq!(properties.text("name", &mut mistakes), None);
        assert!(properties.object("api", &mut mistakes).is_none());
        assert_eq!(properties.required_text("path", &mut mistakes), None);
        properties.end(&mut mistakes);
        body.end(&mut mistakes);
        let refusal = mistakes.into_result().expect_err("mistakes");
        assert_eq!(
            refusal.message(),
            "kind: it is read-only and has another value. properties.name: it must be a string. properties.api: it must \
             be an object. properties.path: it is required. extra: there is no such member."
        );
    }

    #[test]
    fn a_body_with_very_many_mistakes_has_a_short_error() {
        let many: Map<_, _> = (0..5_000).map(|n| (format!("m{n}"), json!(n))).collect();
        let mut mistakes = Mistakes::default();
        Members::new(many).end(&mut mistakes);
        let refusal = mistakes.into_result().expect_err("mistakes");
        assert!(refusal.message().ends_with("There are 4950 more mistakes."), "{}", refusal.message());
        assert!(refusal.message().len() < 4_000);
    }
}
