//! Replaces `${var.NAME}`, `${row.COLUMN}` and `${round}`.

use std::borrow::Cow;

use serde_saphyr::Spanned;

use super::Expansion;
use crate::diagnostic::closest;
use crate::template;
use crate::yaml::Node;

/// A name and its value.
pub(super) type Binding = (String, Spanned<Node>);

/// What placeholders stand for at a place in a file.
#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) vars: Vec<Binding>,
    /// The variable that is being defined.
    pub(super) defining: Option<String>,
    /// The variables that are defined after it.
    pub(super) later_vars: Vec<String>,
    /// The row of the table; `None` outside of tables.
    pub(super) row: Option<Vec<Binding>>,
    /// The number of the repetition, from 1.
    pub(super) round: Option<u64>,
}

impl Scope {
    /// Whether the placeholder is of a kind that is replaced here, rather than while the scenario
    /// runs.
    fn is_ours(name: &str) -> bool {
        // The placeholders of facts have been replaced before, except those of unknown facts.
        name == "round" || ["var.", "row.", "twin."].iter().any(|start| name.starts_with(start))
    }

    fn value(&self, name: &str) -> Option<Cow<'_, Node>> {
        fn find<'b>(bindings: &'b [Binding], name: &str) -> Option<Cow<'b, Node>> {
            let mut found = bindings.iter().rev().filter(|(known, _)| known == name);
            found.next().map(|(_, value)| Cow::Borrowed(&value.value))
        }
        if let Some(name) = name.strip_prefix("var.") {
            return find(&self.vars, name);
        }
        if let Some(name) = name.strip_prefix("row.") {
            return find(self.row.as_ref()?, name);
        }
        if name != "round" {
            return None;
        }
        Some(Cow::Owned(Node::Scalar(self.round?.into(), None)))
    }

    /// Why a placeholder has no value, and what to do.
    fn missing(&self, name: &str) -> (String, String) {
        if let Some(("var", own)) = name.split_once('.') {
            if self.defining.as_deref() == Some(own) {
                let message = format!("the variable '{own}' contains itself");
                return (message, "write its value without it".to_owned());
            }
            if self.later_vars.iter().any(|later| later == own) {
                let remedy = "define it before; variables cannot contain each other in a circle";
                return (format!("the variable '{own}' is defined after this one"), remedy.to_owned());
            }
        }
        let (what, known, place) = match (name.split_once('.'), &self.row) {
            (Some(("twin", fact)), _) => {
                let remedy = format!("add twins: {{fact: {fact}, values: [ONE, OTHER]}} to the scenario");
                return (format!("no scenario of this file has a fact '{fact}'"), remedy);
            }
            (Some(("row", _)), None) => {
                let remedy = "add examples: [{COLUMN: VALUE}] to the step or the scenario";
                return (format!("there is no table here for ${{{name}}}"), remedy.to_owned());
            }
            (Some(("row", _)), Some(row)) => ("column", row, "examples"),
            (Some(_), _) => ("variable", &self.vars, "vars"),
            (None, _) => {
                let remedy = "add repeat: N to the step or the block of steps";
                return ("nothing is repeated here, so ${round} has no value".to_owned(), remedy.to_owned());
            }
        };
        let name = name.split_once('.').map_or(name, |(_, name)| name);
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        let remedy = match (closest(name, names.iter().copied()), names.is_empty()) {
            (Some(close), _) => format!("did you mean {close}? Known here: {}", names.join(", ")),
            (None, false) => format!("use one of: {}, or define it in {place}", names.join(", ")),
            (None, true) => format!("define it in {place}"),
        };
        (format!("there is no {what} '{name}'"), remedy)
    }
}

impl Expansion {
    /// Replaces a value that is nothing but a placeholder, so that what it stands for can be
    /// expanded.
    pub(super) fn resolve(&mut self, node: &mut Spanned<Node>, scope: &Scope) {
        if matches!(node.value, Node::Scalar(..)) {
            self.fill(node, scope);
        }
    }

    /// Replaces the placeholders in all texts and keys of a value. A text that is nothing but a
    /// placeholder becomes the value, which can be a number, a list or a mapping.
    pub(super) fn fill(&mut self, node: &mut Spanned<Node>, scope: &Scope) {
        let whole = match &node.value {
            Node::Scalar(serde_json::Value::String(text), _) => placeholder(text).map(str::to_owned),
            _ => None,
        };
        if let Some(name) = whole {
            match scope.value(&name) {
                Some(value) if self.may_copy(node, &value) => node.value = value.into_owned(),
                Some(_) => {}
                None => {
                    let (message, remedy) = scope.missing(&name);
                    self.wrong(node, message, remedy);
                }
            }
            return;
        }
        match &mut node.value {
            Node::Scalar(serde_json::Value::String(text), _) if text.contains("${") => {
                let text = text.clone();
                node.value = Node::text(self.fill_text(&text, node, scope));
            }
            Node::Scalar(..) => {}
            Node::List(items) => items.iter_mut().for_each(|item| self.fill(item, scope)),
            Node::Map(entries) => {
                for (key, value) in entries {
                    if key.value.contains("${") {
                        key.value = self.fill_text(&key.value, key, scope);
                    }
                    self.fill(value, scope);
                }
            }
        }
    }

    fn fill_text<T>(&mut self, text: &str, at: &Spanned<T>, scope: &Scope) -> String {
        let mut wrong = Vec::new();
        let filled = template::fill_some(text, |name| {
            if !Scope::is_ours(name) {
                return None;
            }
            let Some(value) = scope.value(name) else {
                wrong.push(scope.missing(name));
                return None;
            };
            if !self.may_copy(at, &value) {
                return None;
            }
            let shown = value.shown();
            if shown.is_none() {
                let message = format!("'{name}' is a list or a mapping, which is not possible within a text");
                let remedy = "make it a single value, or the placeholder the whole value";
                wrong.push((message, remedy.to_owned()));
            }
            shown
        });
        for (message, remedy) in wrong {
            self.wrong(at, message, remedy);
        }
        filled
    }
}

/// The name, if the text is nothing but a placeholder that is replaced here.
fn placeholder(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    (!name.contains(['{', '}']) && Scope::is_ours(name)).then_some(name)
}
