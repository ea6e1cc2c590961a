//! Collecting what cannot be registered.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use outlive_chassis::SpecMistake;

use crate::directory::limits;

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Mistakes(pub(super) Vec<SpecMistake>);

impl Mistakes {
    pub(super) fn add(
        &mut self,
        at: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(SpecMistake::new(at, message, remedy));
    }

    /// Checks a display name.
    pub(super) fn name(&mut self, at: impl Into<String>, what: &str, name: &str) {
        if !limits::is_name(name) {
            self.add(at, format!("{what} has to have {}", limits::name_rule()), "write another one");
        }
    }

    /// Checks that values are unique; `of` are the values with their locations.
    pub(super) fn unique<T: Hash + Eq + Display>(
        &mut self,
        what: &str,
        of: impl IntoIterator<Item = (String, T)>,
    ) {
        let mut seen = HashSet::new();
        for (at, value) in of {
            let shown = value.to_string();
            if !seen.insert(value) {
                self.add(
                    at,
                    format!("{what} '{}' is given twice", shown.escape_debug()),
                    "give every one a value of its own",
                );
            }
        }
    }
}
