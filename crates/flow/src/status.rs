//! Statuses of runs and actions (reference §6.2).

use serde::{Deserialize, Serialize};

/// Returns an HTTP status as in run histories: `NotFound`, `BadGateway`.
pub(crate) fn http_status_name(status: u16) -> String {
    match http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => reason.chars().filter(char::is_ascii_alphanumeric).collect(),
        None => status.to_string(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub(crate) enum ActionStatus {
    /// In progress.
    Running,
    /// A retry is due later.
    Waiting,
    Succeeded,
    Failed,
    /// Its `runAfter` condition is not satisfied, or its branch was not taken.
    Skipped,
    /// The run was cancelled before it ended.
    Cancelled,
    /// It exceeded the maximum duration of a run.
    TimedOut,
}

impl ActionStatus {
    /// Returns the status as written in documents.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Waiting => "Waiting",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
            Self::Cancelled => "Cancelled",
            Self::TimedOut => "TimedOut",
        }
    }

    /// Whether it is a final status.
    pub(crate) const fn is_final(self) -> bool {
        !matches!(self, Self::Running | Self::Waiting)
    }

    /// Returns the status of this name, if `runAfter` can contain it.
    pub(crate) fn for_run_after(text: &str) -> Option<Self> {
        [Self::Succeeded, Self::Failed, Self::Skipped, Self::TimedOut]
            .into_iter()
            .find(|status| status.name().eq_ignore_ascii_case(text))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RunStatus {
    /// In progress.
    Running,
    /// A retry of one of its actions is due later.
    Waiting,
    Succeeded,
    /// An action failed, and no later action handled the failure.
    Failed,
    /// It was cancelled, or its flow was deleted.
    Cancelled,
    /// It exceeded the maximum duration of a run (30 days).
    TimedOut,
    /// The service ended it.
    Aborted,
}

impl RunStatus {
    /// All statuses.
    pub(crate) const ALL: [Self; 7] = [
        Self::Running,
        Self::Waiting,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::TimedOut,
        Self::Aborted,
    ];

    /// Returns the status as written in documents.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Waiting => "Waiting",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::TimedOut => "TimedOut",
            Self::Aborted => "Aborted",
        }
    }

    /// Returns the status of this name.
    pub(crate) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name().eq_ignore_ascii_case(text))
    }
}
