//! What is recorded of an operation.

use outlive_clock::{Instant, Speed, wall_now};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::conductor::Progress;
use crate::services::Service;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Time is moved to an instant.
    Advance,
    /// The speed of time is changed.
    Run,
    /// A tenant is created.
    Create,
    /// A tenant is deleted.
    Delete,
}

/// An operation that has begun and not ended.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OperationDetails {
    /// What it does.
    pub kind: OperationKind,
    /// Wall time at which it began.
    #[schema(value_type = String)]
    pub started: Instant,
    /// Virtual time before an advance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<Instant>,
    /// The instant to which an advance goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub target: Option<Instant>,
    /// The virtual instant that an advance has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reached: Option<Instant>,
    /// How fast time runs when the operation has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub speed: Option<Speed>,
    /// The number of executed pieces of due work, including failed ones.
    #[serde(default)]
    pub done: u64,
    /// How many of them failed.
    #[serde(default)]
    pub failed: u64,
    /// Whether a request froze the clock, which ends an advance before its target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// Whether the operation was interrupted and is being ended.
    #[serde(default)]
    pub ending: bool,
    /// The service for which it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Service>,
    /// Why it has not ended yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The services whose tenant of this id another lab created: they are left alone when a
    /// creation is rolled back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spared: Vec<Service>,
}

impl OperationDetails {
    fn new(kind: OperationKind) -> Self {
        Self {
            kind,
            started: wall_now(),
            from: None,
            target: None,
            reached: None,
            speed: None,
            done: 0,
            failed: 0,
            frozen: false,
            ending: false,
            waits_for: None,
            problem: None,
            spared: Vec::new(),
        }
    }

    pub(super) fn advance(from: Instant, target: Instant, speed: Speed) -> Self {
        Self {
            from: Some(from),
            target: Some(target),
            reached: Some(from),
            speed: Some(speed),
            ..Self::new(OperationKind::Advance)
        }
    }

    pub(super) fn run(speed: Speed) -> Self {
        Self { speed: Some(speed), ..Self::new(OperationKind::Run) }
    }

    pub(super) fn create() -> Self {
        Self::new(OperationKind::Create)
    }

    pub(super) fn delete() -> Self {
        Self::new(OperationKind::Delete)
    }

    pub(super) const fn progress(&mut self, progress: Progress) {
        self.reached = Some(progress.now);
        self.done = progress.done;
        self.failed = progress.failed;
    }

    /// The advance ends after its present step, and time stands still then.
    pub(super) const fn freeze(&mut self) {
        self.speed = Some(Speed::FROZEN);
        self.frozen = true;
    }

    /// The operation is interrupted: what is left to do is to end it.
    pub(super) fn interrupted(&mut self, waits_for: Option<Service>, problem: String) {
        self.ending = true;
        self.waits_for = waits_for;
        self.problem = Some(problem);
    }
}

/// What becomes of an operation that cannot be ended yet, for messages.
pub(in crate::tenants) fn outlook(kind: OperationKind, reached: Option<Instant>) -> String {
    let at = reached.map_or_else(String::new, |at| format!(" at {at}"));
    match kind {
        OperationKind::Advance => {
            format!("Time stands still{at}; it runs on as before when all services answer")
        }
        OperationKind::Run => "The speed is set when all services answer".to_owned(),
        OperationKind::Create => "What was created is deleted when all services answer".to_owned(),
        OperationKind::Delete => "It is completed when all services answer".to_owned(),
    }
}

/// An operation in progress and how it is ended, for the answer to a request that needs its turn.
pub(in crate::tenants) fn in_progress(operation: &OperationDetails) -> String {
    let OperationDetails { kind, started, from, target, reached, done, .. } = operation;
    let what = match kind {
        OperationKind::Advance => "An advance",
        OperationKind::Run => "A change of the clock's speed",
        OperationKind::Create => "The creation of the tenant",
        OperationKind::Delete => "The deletion of the tenant",
    };
    let mut text = format!("{what} is in progress, begun at {started} (wall time)");
    if let (Some(from), Some(target), Some(reached)) = (from, target, reached) {
        text += &format!(": from {from} to {target}, now at {reached}, {done} pieces of due work done");
    }
    if let Some(problem) = &operation.problem {
        return format!("{text}. It was interrupted and is being ended: {}.", problem.trim_end_matches('.'));
    }
    text += ". Repeat the request when it has ended";
    if *kind == OperationKind::Advance {
        text += ", or end it after its present step with {\"run\": 0}";
    }
    text + "; GET …/clock shows its progress."
}
