//! How runs and actions end, and what they are until then (reference §6.2).

use serde::{Deserialize, Serialize};

/// The status of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum ActionStatus {
    /// It is being done.
    Running,
    /// A retry is due later.
    Waiting,
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed,
    /// What it waits for did not end as it asks, or its branch was not taken.
    Skipped,
    /// The run ended before it did.
    Cancelled,
    /// It took longer than a run may.
    TimedOut,
}

impl ActionStatus {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
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

    /// Whether nothing more happens to it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Running | Self::Waiting)
    }

    /// A status that `runAfter` can name.
    #[must_use]
    pub fn waitable(text: &str) -> Option<Self> {
        [Self::Succeeded, Self::Failed, Self::Skipped, Self::TimedOut]
            .into_iter()
            .find(|status| status.name().eq_ignore_ascii_case(text))
    }
}

/// The status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunStatus {
    /// It is being done.
    Running,
    /// A retry of one of its actions is due later.
    Waiting,
    /// It ended well.
    Succeeded,
    /// A failure in it was not handled.
    Failed,
    /// Its flow was deleted, or somebody cancelled it.
    Cancelled,
    /// It took longer than a run may (30 days).
    TimedOut,
    /// It was given up by the service.
    Aborted,
}

impl RunStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Waiting,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::TimedOut,
        Self::Aborted,
    ];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
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

    /// The status of that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name().eq_ignore_ascii_case(text))
    }
}
