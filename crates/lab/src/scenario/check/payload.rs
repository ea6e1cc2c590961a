//! Which members the payloads of journal events can have, by their schemas. Pure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use outlive_wire::JournalEvent;
use serde_json::Value;

use super::checker::Checker;
use crate::diagnostic::closest;

/// The schema of a payload, and those that it refers to by name.
struct Payload {
    schema: Value,
    references: BTreeMap<String, Value>,
}

static PAYLOADS: LazyLock<BTreeMap<&'static str, Payload>> = LazyLock::new(|| {
    fn json(schema: &impl serde::Serialize) -> Value {
        serde_json::to_value(schema).unwrap_or_default()
    }
    let payload = |event: outlive_wire::EventDescription| {
        let references = event.references.iter().map(|(name, schema)| (name.clone(), json(schema)));
        (event.kind, Payload { schema: json(&event.schema), references: references.collect() })
    };
    JournalEvent::descriptions().into_iter().map(payload).collect()
});

impl Payload {
    /// Adds the alternatives of a schema, without references.
    fn alternatives<'s>(&'s self, schema: &'s Value, found: &mut Vec<&'s Value>) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return match self.references.get(name) {
                Some(schema) => self.alternatives(schema, found),
                // What is not known could have any member.
                None => found.push(&Value::Null),
            };
        }
        found.push(schema);
        for combined in ["oneOf", "anyOf", "allOf"] {
            for schema in schema.get(combined).and_then(Value::as_array).into_iter().flatten() {
                self.alternatives(schema, found);
            }
        }
    }

    /// Whether payloads can have a value at a path. If not, the members that they have instead.
    fn has(&self, path: &str) -> Result<(), Vec<String>> {
        if !["properties", "additionalProperties", "oneOf", "anyOf", "allOf", "$ref"]
            .into_iter()
            .any(|name| self.schema.get(name).is_some())
        {
            return Err(Vec::new());
        }
        let (mut schemas, mut beginning) = (vec![&self.schema], String::new());
        for segment in path.split('.') {
            let mut alternatives = Vec::new();
            schemas.iter().for_each(|schema| self.alternatives(schema, &mut alternatives));
            let members = || alternatives.iter().filter_map(|schema| schema.get("properties")?.as_object());
            // Beside others, an object without members stands for their absence.
            let has_members = members().next().is_some();
            if alternatives.iter().any(|schema| is_open(schema, has_members)) {
                return Ok(());
            }
            schemas = members().filter_map(|members| members.get(segment)).collect();
            if schemas.is_empty() {
                return Err(members()
                    .flat_map(|all| all.keys())
                    .map(|name| beginning.clone() + name)
                    .collect());
            }
            beginning = format!("{beginning}{segment}.");
        }
        Ok(())
    }
}

/// Whether a value can have members that its schema does not name, where another schema of the same
/// value `has_members`.
fn is_open(schema: &Value, has_members: bool) -> bool {
    let has = |member: &str| schema.get(member).is_some();
    if let Some(more) = schema.get("additionalProperties") {
        return *more != Value::Bool(false);
    }
    let is_object = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|name| name == "object"),
        Some(name) => name == "object",
        None => return !["properties", "oneOf", "anyOf", "allOf", "const", "enum"].into_iter().any(has),
    };
    is_object && !has_members
}

impl Checker<'_> {
    /// Checks that events of a kind, or of one that begins like it, can have a value at a path of
    /// their payload. With an unknown path, `count: 0` would pass.
    pub(in crate::scenario) fn payload_member(&mut self, kind: &str, path: &str, written_at: &[&str]) {
        let mut known = Vec::new();
        for payload in JournalEvent::kinds_of(kind, None).filter_map(|kind| PAYLOADS.get(kind)) {
            match payload.has(path) {
                Ok(()) => return,
                Err(members) => known.extend(members),
            }
        }
        // An unknown kind is a mistake of its own.
        if JournalEvent::kinds_of(kind, None).next().is_none() {
            return;
        }
        known.sort_unstable();
        known.dedup();
        let message = format!("no event of kind '{kind}' has the member '{path}'");
        let remedy = match closest(path, known.iter().map(String::as_str)) {
            Some(close) => format!("did you mean {close}? docs/events.md describes the members"),
            None if known.is_empty() => match path.rsplit_once('.') {
                Some((value, _)) => format!("{value} has no members; docs/events.md describes the members"),
                None => "such events have no members; remove it".to_owned(),
            },
            None => format!("use one of: {}", known.join(", ")),
        };
        self.wrong_within(written_at.iter().copied(), message, remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_an_example_is_known_and_no_other() {
        /// Adds the paths of all members.
        fn paths(value: &Value, beginning: &str, found: &mut Vec<String>) {
            for (name, member) in value.as_object().into_iter().flatten() {
                found.push(format!("{beginning}{name}"));
                paths(member, &format!("{beginning}{name}."), found);
            }
        }
        for event in JournalEvent::descriptions() {
            let payload = &PAYLOADS[event.kind];
            let mut found = Vec::new();
            paths(&event.example, "", &mut found);
            for path in found {
                assert_eq!(payload.has(&path), Ok(()), "{} {path}", event.kind);
            }
            let is_known = payload.has("no_such_member").is_ok();
            assert!(!is_known, "{}", event.kind);
        }
    }

    #[test]
    fn members_of_members_are_known() {
        let has = |kind: &str, path: &str| PAYLOADS[kind].has(path).is_ok();
        for (kind, path, known) in [
            ("token.issued", "refresh_token.password_based", true),
            ("token.issued", "refresh_token.password", false),
            ("token.issued", "client_id.name", false),
            ("token.refused", "code", true),
            ("token.refused", "error.codee", false),
        ] {
            assert_eq!(has(kind, path), known, "{kind} {path}");
        }
    }
}
