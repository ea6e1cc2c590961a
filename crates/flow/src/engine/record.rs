//! What a run records of an action.

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::place::FrameId;
use crate::definition::{Branch, Hidden};
use crate::expression::{EvaluationError, weigh};
use crate::status::ActionStatus;

/// The size of a record without values, roughly.
const BYTES_PER_RECORD: usize = 200;

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
    pub(super) code: Option<String>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Failure>,
    /// When it began (virtual).
    pub start: Instant,
    /// When it ended (virtual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// Its inputs: host and parameters of a call, never a credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inputs: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) outputs: Option<Value>,
    /// The number of retries so far, including one that is due.
    #[serde(default)]
    pub retries: u32,
    /// When the next retry is due (virtual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_due: Option<Instant>,
    /// Where the state of an asynchronous operation is polled, when the next retry is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whether it waits to be called back, until `wait_until`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaits_callback: bool,
    /// When a `Wait` ends (virtual).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_until: Option<Instant>,
    /// The branch that it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Branch>,
    /// The iterations of a loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<Box<Iterations>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tracked: Option<Value>,
    /// What the run history does not show.
    #[serde(default, skip_serializing_if = "Hidden::nothing")]
    pub(super) hidden: Hidden,
}

/// The iterations of a loop.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Iterations {
    /// The items of a `Foreach`, until it ends.
    pub(super) items: Vec<Value>,
    /// The number of iterations that were started.
    pub started: usize,
    /// The number of iterations that failed.
    pub failed: usize,
    /// The frames of running iterations.
    pub running: Vec<FrameId>,
    /// The frames of ended iterations that are not archived, in the order in which they ended.
    pub recorded: Vec<FrameId>,
    /// The number of ended iterations that are archived.
    #[serde(default)]
    pub archived: usize,
}

impl Iterations {
    pub(super) fn frames(&self) -> impl Iterator<Item = FrameId> {
        self.running.iter().chain(&self.recorded).copied()
    }
}

impl ActionRecord {
    pub(super) fn started(name: &str, hidden: Hidden, now: Instant) -> Self {
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
            location: None,
            awaits_callback: false,
            wait_until: None,
            taken: None,
            iterations: None,
            tracked: None,
            hidden,
        }
    }

    /// Returns a copy with name, status and times only.
    pub(super) fn without_values(&self) -> Self {
        let (status, code, end, retries) = (self.status, self.code.clone(), self.end, self.retries);
        Self { status, code, end, retries, ..Self::started(&self.name, self.hidden, self.start) }
    }

    pub(super) fn skipped(name: &str, now: Instant, why: Failure) -> Self {
        let mut record = Self::started(name, Hidden::default(), now);
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

    /// Ends the action, with its outputs or why it failed.
    pub(super) fn end(&mut self, result: Result<Option<Value>, Failure>, now: Instant) {
        match result {
            Ok(outputs) => {
                self.status = ActionStatus::Succeeded;
                self.outputs = outputs;
            }
            Err(failure) => self.fail(failure),
        }
        self.end = Some(now);
    }

    /// Waits until the state of an operation is to be polled, or the action has taken too long.
    pub(super) fn wait_for_operation(&mut self, location: String, due: Instant, timeout: Option<Span>) {
        self.status = ActionStatus::Waiting;
        self.location = Some(location);
        self.retry_due = Some(timeout.map_or(due, |timeout| due.min(self.start + timeout)));
        self.code = None;
        self.error = None;
    }

    /// Ends the action because it took too long.
    pub(super) fn time_out(&mut self, failure: Failure, now: Instant) {
        self.fail(failure);
        self.status = ActionStatus::TimedOut;
        self.retry_due = None;
        self.wait_until = None;
        self.awaits_callback = false;
        self.end = Some(now);
    }

    /// Returns the size of its values, roughly in bytes, or `None` if one is nested too deeply.
    pub(super) fn weight(&self) -> Option<usize> {
        let mut weight = BYTES_PER_RECORD;
        for value in [&self.inputs, &self.outputs, &self.tracked].into_iter().flatten() {
            weight += weigh(value)?;
        }
        if let Some(iterations) = &self.iterations {
            for item in &iterations.items {
                weight += weigh(item)?;
            }
        }
        Some(weight)
    }
}

/// An evaluated action: its inputs, as far as they are known, and its result.
pub(super) struct Computed {
    pub(super) inputs: Option<Value>,
    pub(super) result: Result<Option<Value>, Failure>,
}
