//! What a step has to say while it is played.

use crate::scenario::result::Check;

/// Collects what happened and what was checked.
#[derive(Default)]
pub(super) struct Telling {
    pub(super) told: Vec<String>,
    pub(super) why: Vec<String>,
    pub(super) checks: Vec<Check>,
}

impl Telling {
    /// Something happened.
    pub(super) fn tell(&mut self, text: impl Into<String>) {
        self.told.push(text.into());
    }

    /// Somebody said why.
    pub(super) fn explain(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.why.contains(&text) {
            self.why.push(text);
        }
    }

    /// Something was compared.
    pub(super) fn check(&mut self, check: Check) {
        self.checks.push(check);
    }

    pub(super) fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}
