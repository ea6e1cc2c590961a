//! The state of a run, which is stored while it waits.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::definition::Definition;
use crate::expression::{EvaluationError, weigh};
use crate::status::ActionStatus;

/// The maximum size of the outputs of all actions of a run, roughly in bytes of JSON.
pub(crate) const RUN_BYTES_MAX: usize = 4 << 20;

/// An error code and a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// `Unauthorized`, `ActionConditionFailed` …
    pub code: String,
    pub message: String,
}

impl Failure {
    /// Creates a failure.
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    pub(super) fn action_failed() -> Self {
        Self::new("ActionFailed", "An action failed. No dependent actions succeeded.")
    }

    pub(super) fn template(action: &str, error: &EvaluationError) -> Self {
        Self::new(
            "InvalidTemplate",
            format!("Unable to process template language expressions in action '{action}': {error}."),
        )
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ActionRecord {
    /// The name in the definition.
    pub name: String,
    pub status: ActionStatus,
    /// `OK`, `Unauthorized`, `ActionSkipped` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// When it began (virtual).
    pub start: Instant,
    /// When it ended (virtual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// Its inputs: host and parameters of a call, never a credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Value>,
    /// The number of retries so far, including one that is due.
    #[serde(default)]
    pub retries: u32,
    /// When the next retry is due (virtual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_due: Option<Instant>,
    /// The branch that a condition took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<bool>,
}

impl ActionRecord {
    pub(super) fn started(name: &str, now: Instant) -> Self {
        Self {
            name: name.to_owned(),
            status: ActionStatus::Running,
            code: None,
            error: None,
            start: now,
            end: None,
            inputs: None,
            outputs: None,
            retries: 0,
            retry_due: None,
            taken: None,
        }
    }

    pub(super) fn skipped(name: &str, now: Instant, why: Failure) -> Self {
        let mut record = Self::started(name, now);
        record.status = ActionStatus::Skipped;
        record.code = Some("ActionSkipped".to_owned());
        record.error = Some(why);
        record.end = Some(now);
        record
    }

    pub(super) fn fail(&mut self, failure: Failure) {
        self.status = ActionStatus::Failed;
        self.code = Some(failure.code.clone());
        self.error = Some(failure);
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunState {
    /// When it began (virtual).
    pub started: Instant,
    pub trigger_outputs: Value,
    /// The actions, by place in the definition; `None` if not started.
    pub actions: Vec<Option<ActionRecord>>,
    /// The size of all outputs, in bytes.
    weight: usize,
}

impl RunState {
    /// Creates the state of a run of `definition` that begins at `started`.
    pub(crate) fn new(definition: &Definition, started: Instant, trigger_outputs: Value) -> Self {
        let weight = weigh(&trigger_outputs).unwrap_or(0);
        Self { started, trigger_outputs, actions: vec![None; definition.actions.len()], weight }
    }

    /// Whether this is a state of `definition`; otherwise the run cannot be resumed.
    pub(crate) fn matches(&self, definition: &Definition) -> bool {
        self.actions.len() == definition.actions.len()
    }

    pub(super) fn status(&self, place: usize) -> Option<ActionStatus> {
        self.actions[place].as_ref().map(|record| record.status)
    }

    /// Stores a record. If its outputs exceed what the run may hold, the action fails.
    pub(super) fn store(&mut self, place: usize, mut record: ActionRecord) {
        let kept =
            self.actions[place].as_ref().and_then(|old| old.outputs.as_ref()).and_then(weigh).unwrap_or(0);
        self.weight = self.weight.saturating_sub(kept);
        let weight = record.outputs.as_ref().map_or(Some(0), weigh);
        match weight.filter(|weight| self.weight + weight <= RUN_BYTES_MAX) {
            Some(weight) => self.weight += weight,
            None => {
                record.outputs = None;
                record.retry_due = None;
                record.end = record.end.or(Some(record.start));
                record.fail(Failure::new(
                    "ActionOutputsTooLarge",
                    format!("The outputs of '{}' would make the run larger than {RUN_BYTES_MAX} bytes, or are nested too deeply.", record.name),
                ));
            }
        }
        self.actions[place] = Some(record);
    }
}
