//! A flow whose trigger or actions fail continuously for 14 days is turned off.

use outlive_clock::{Instant, Span};

use crate::status::RunStatus;

/// How long a flow may fail: "14 days", *Limits of automated, scheduled, and instant flows*.
pub(crate) const FAILING_MAX: Span = Span::from_days(14);
/// One failure is not continuous: a flow that runs once a month is not turned off between its first
/// failure and its next run.
pub(crate) const FAILURES_MIN: i64 = 2;

/// Whether a flow whose next run is due then can be turned off by `until`: its next runs may all
/// fail.
pub(crate) fn may_be_turned_off(next_due: Instant, until: Instant) -> bool {
    next_due + FAILING_MAX <= until
}

/// What a run, or a trigger that looked for events, says about the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    Failed,
    /// Nothing: the run was cancelled or has not ended.
    Neither,
}

impl From<RunStatus> for Outcome {
    /// The status of the run counts, not that of its actions: a failure that the flow handles is a
    /// success, and a run that terminates itself has the status that it chose.
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Succeeded => Self::Succeeded,
            RunStatus::Failed | RunStatus::TimedOut | RunStatus::Aborted => Self::Failed,
            RunStatus::Cancelled | RunStatus::Running | RunStatus::Waiting => Self::Neither,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_can_be_turned_off_fourteen_days_after_its_next_run() {
        let at = |hours| Instant::from_seconds(1_767_603_600) + Span::from_hours(hours);
        for (next_due, until, expected) in
            [(1, 14 * 24, false), (0, 14 * 24, true), (1, 30 * 24, true), (400, 500, false), (9, 1, false)]
        {
            assert_eq!(may_be_turned_off(at(next_due), at(until)), expected, "{next_due} {until}");
        }
    }

    #[test]
    fn the_status_of_a_run_decides() {
        use RunStatus::{Aborted, Cancelled, Failed, Running, Succeeded, TimedOut, Waiting};
        for (statuses, expected) in [
            (&[Succeeded][..], Outcome::Succeeded),
            (&[Failed, TimedOut, Aborted], Outcome::Failed),
            (&[Cancelled, Running, Waiting], Outcome::Neither),
        ] {
            for status in statuses {
                assert_eq!(Outcome::from(*status), expected, "{status:?}");
            }
        }
    }
}
