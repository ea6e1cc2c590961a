//! The state of a check: the known names, and the mistakes found.

use serde_saphyr::Spanned;

use super::mistake::Mistake;
use super::names::{Kind, Known};
use crate::diagnostic::Position;
use crate::seed::Seed;
use crate::template;

/// The range of clocks, for messages.
pub(in crate::scenario) const RANGE: &str = "clocks show instants from 1970 to 9999";

pub(in crate::scenario) struct Checker<'a> {
    pub(in crate::scenario) seed: Option<&'a Seed>,
    pub(in crate::scenario) known: Known<'a>,
    pub(super) mistakes: Vec<Mistake>,
    /// The position of the current step.
    pub(in crate::scenario) at: Position,
}

impl Checker<'_> {
    pub(in crate::scenario) fn wrong(&mut self, message: impl Into<String>, remedy: impl Into<String>) {
        self.wrong_at(self.at, message, remedy);
    }

    pub(in crate::scenario) fn wrong_at(
        &mut self,
        position: Position,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        // An absent field is reported at the position of its step.
        let position = if position.line == 0 { self.at } else { position };
        self.mistakes.push(Mistake::new(position, message, remedy));
    }

    /// Reports a value at a path within the current step.
    pub(in crate::scenario) fn wrong_within<'p>(
        &mut self,
        path: impl IntoIterator<Item = &'p str>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let within = path.into_iter().map(str::to_owned).collect();
        self.mistakes.push(Mistake { within, ..Mistake::new(self.at, message, remedy) });
    }

    /// Reports a name that an earlier step already uses.
    pub(in crate::scenario) fn must_be_new(&mut self, kind: Kind, name: &Spanned<String>) {
        if self.known.is_defined(kind, &name.value) {
            let message = format!("there is already a {} '{}'", kind.what(), name.value);
            self.wrong_at(Position::of(name), message, "use another name");
        }
    }

    pub(in crate::scenario) fn must(&mut self, kind: Kind, name: &Spanned<String>) {
        self.mistakes.extend(self.known.must(kind, name).err());
    }

    pub(in crate::scenario) fn must_if(&mut self, kind: Kind, name: Option<&Spanned<String>>) {
        if let Some(name) = name {
            self.must(kind, name);
        }
    }

    /// Checks that a value is one of `possible`.
    pub(in crate::scenario) fn one_of(&mut self, what: &str, value: &Spanned<String>, possible: &[&str]) {
        if !possible.contains(&value.value.as_str()) {
            let message = format!("there is no {what} '{}'", value.value);
            self.wrong_at(Position::of(value), message, format!("use one of: {}", possible.join(", ")));
        }
    }

    /// Checks the placeholders in texts.
    pub(in crate::scenario) fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t String>) {
        for text in texts {
            if text.is_empty() {
                self.wrong("an empty text is part of every text", "write what has to be there, or remove it");
            }
            self.text(self.at, text);
        }
    }

    /// Checks that a text in which no placeholders are replaced has none.
    pub(in crate::scenario) fn literal(&mut self, position: Position, text: &str) {
        if text.contains("${") {
            let message = format!("placeholders are not replaced here, as in '{text}'");
            self.wrong_at(position, message, "write the text itself, or use ${var.NAME} or ${row.COLUMN}");
        }
    }

    pub(in crate::scenario) fn text(&mut self, position: Position, text: &str) {
        let filled = template::fill(text, |name| self.known.can_fill(name).then(String::new));
        if let Err(error) = filled {
            let remedy = "use ${mark.M}, ${issued.T} or ${expires.T} of tokens T, ${user.ROLE.id}, ${user.ROLE.upn}, ${user.ROLE.password}, ${key.K}, \
                          ${app.NAME.client_id}, ${identity.NAME.resource_id}, ${connection.C.id}, ${flow.F.id}, ${object.O.id}, ${captured.NAME} or ${tenant.id}";
            self.wrong_at(position, format!("in the text '{text}': {error}"), remedy);
        }
    }

    /// Checks the placeholders in the texts of a JSON value.
    pub(in crate::scenario) fn json(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::String(text) => self.text(self.at, text),
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.json(item)),
            serde_json::Value::Object(fields) => fields.iter().for_each(|(name, field)| {
                self.text(self.at, name);
                self.json(field);
            }),
            _ => {}
        }
    }
}
