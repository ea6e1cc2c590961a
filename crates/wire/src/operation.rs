//! Operations on a tenant that take a while: moving its time, creating, restoring and
//! deleting it.

use outlive_clock::{Instant, Speed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ExpectedRuns;
use crate::counted::{counted, grouped};
use crate::service::Service;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Moves time to an instant.
    Advance,
    /// Changes the speed of time.
    Run,
    /// Creates a tenant.
    Create,
    /// Starts a tenant over.
    Reset,
    /// Deletes a tenant.
    Delete,
    /// Replaces the state of a tenant by that of a snapshot.
    Restore,
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
    /// The target of an advance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub target: Option<Instant>,
    /// The virtual instant that an advance has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reached: Option<Instant>,
    /// The speed of time after the operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub speed: Option<Speed>,
    /// The number of due work items that were executed, including failed ones.
    #[serde(default)]
    pub done: u64,
    /// The number of those that failed.
    #[serde(default)]
    pub failed: u64,
    /// The number of runs that recurrences started during an advance.
    #[serde(default)]
    pub runs: u64,
    /// The number of runs that recurrences are going to start during the whole advance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ExpectedRuns>,
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
    /// The snapshot of a restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub snapshot: Option<Uuid>,
    /// The services in which another lab's tenant has this id: it is kept when a creation is
    /// rolled back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spared: Vec<Service>,
    /// Wall time at which the present attempt to create or delete the tenant's data began: older
    /// data is deleted, and newer data is another attempt's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub attempt: Option<Instant>,
}

impl OperationDetails {
    /// Returns which data of the tenant the operation creates, or deletes with all that is older.
    #[must_use]
    pub fn incarnation(&self) -> Instant {
        self.attempt.unwrap_or(self.started)
    }

    /// How many runs an advance has started, of how many: "1,204 of 2,136 runs". `None` if there is
    /// nothing to count.
    #[must_use]
    pub fn runs_in_words(&self) -> Option<String> {
        let ExpectedRuns { runs, is_exact } = self.expected?;
        let started = grouped(self.runs);
        let all = counted(runs.max(self.runs), "run");
        match (is_exact, runs) {
            (_, 0) => None,
            (true, 1) => Some(format!("{started} of one run")),
            (true, _) => Some(format!("{started} of {all}")),
            (false, _) => Some(format!("{started} of about {all}")),
        }
    }
}

/// A number with separators: 1,204.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_counts_runs_of_the_expected_ones() {
        for (runs, expected, words) in [
            (1_204, Some((2_136, true)), Some("1,204 of 2,136 runs")),
            (0, Some((1, true)), Some("0 of one run")),
            (17, Some((1_000_000, false)), Some("17 of about 1,000,000 runs")),
            // More than expected: events started some.
            (12, Some((10, false)), Some("12 of about 12 runs")),
            (0, Some((0, true)), None),
            (17, None, None),
        ] {
            let operation = OperationDetails {
                runs,
                expected: expected.map(|(runs, is_exact)| ExpectedRuns { runs, is_exact }),
                ..serde_json::from_value(serde_json::json!({"kind": "advance", "started": Instant::EPOCH}))
                    .expect("an operation")
            };
            assert_eq!(operation.runs_in_words().as_deref(), words);
        }
    }
}
