//! What expressions can read of a run.

use outlive_clock::Instant;
use serde_json::Value;

use super::RunState;
use crate::definition::Definition;
use crate::expression::Facts;
use crate::status::ActionStatus;

pub(super) struct View<'a> {
    pub(super) definition: &'a Definition,
    pub(super) state: &'a RunState,
    pub(super) now: Instant,
}

impl Facts for View<'_> {
    fn trigger_outputs(&self) -> &Value {
        &self.state.trigger_outputs
    }

    fn outputs(&self, action: &str) -> Option<&Value> {
        let record = self.state.actions[self.definition.place(action)?].as_ref()?;
        let readable = record.status.is_final() && record.status != ActionStatus::Skipped;
        record.outputs.as_ref().filter(|_| readable)
    }

    fn parameter(&self, name: &str) -> Option<&Value> {
        self.definition.parameters.get(name)
    }

    fn now(&self) -> Instant {
        self.now
    }
}
