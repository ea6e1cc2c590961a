//! Runs of flows, from the flow service's journal.

use std::collections::VecDeque;

use outlive_clock::Instant;
use outlive_wire::events::RunFinished;
use outlive_wire::{JournalEvent, JournalLine};

/// Maximum number of runs kept.
const RUNS_KEPT: usize = 24;

/// The status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    fn named(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "succeeded" => Some(Self::Succeeded),
            "failed" | "timedout" | "aborted" => Some(Self::Failed),
            "cancelled" | "skipped" => Some(Self::Cancelled),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) name: String,
    /// The flow's id.
    pub(crate) flow: String,
    /// When its last event happened (virtual time).
    pub(crate) at: Instant,
    pub(crate) status: Status,
    /// The reason of a failure.
    pub(crate) reason: Option<String>,
}

/// The latest runs.
#[derive(Default)]
pub(crate) struct Runs {
    latest: VecDeque<Run>,
}

impl Runs {
    /// Adds an event, if it is about a run.
    pub(crate) fn add(&mut self, line: &JournalLine) {
        let (Some(name), Ok(event)) = (line.subject.strip_prefix("run:"), line.event()) else {
            return;
        };
        let (flow, status, reason) = match event {
            JournalEvent::RunFinished(run) => (run.flow, Status::named(&run.status), reason(&run)),
            JournalEvent::RunWaiting(run) => (run.flow, Some(Status::Running), None),
            _ => return,
        };
        let Some(status) = status else { return };
        let run = Run { name: name.to_owned(), flow: flow.to_string(), at: line.at, status, reason };
        if let Some(known) = self.latest.iter_mut().rev().find(|known| known.name == name) {
            *known = run;
            return;
        }
        if self.latest.len() == RUNS_KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(run);
    }

    pub(crate) fn newest_first(&self) -> Vec<Run> {
        self.latest.iter().rev().cloned().collect()
    }
}

/// Returns why a run failed: the message of its failed action, or its own code.
fn reason(run: &RunFinished) -> Option<String> {
    let failed = run.actions.iter().find_map(|action| action.message.clone());
    failed.or_else(|| run.code.clone()).map(|reason| reason.chars().take(600).collect())
}
