//! A flow whose trigger or actions fail continuously for 14 days is turned off.

use outlive_clock::{Instant, Span};

use crate::status::RunStatus;

/// How long a flow may fail: "14 days", *Limits of automated, scheduled, and instant flows*.
const FAILING_MAX: Span = Span::from_days(14);
/// One failure is not continuous: a flow that runs once a month is not turned off between its first
/// failure and its next run.
const FAILURES_MIN: i64 = 2;

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

/// Failures without a success between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Streak {
    /// The instant of the first.
    pub(crate) since: Instant,
    pub(crate) failures: i64,
}

impl Streak {
    /// Returns the streak after an outcome, if it goes on.
    pub(crate) fn after(before: Option<Self>, outcome: Outcome, at: Instant) -> Option<Self> {
        match (outcome, before) {
            (Outcome::Succeeded, _) => None,
            (Outcome::Neither, before) => before,
            (Outcome::Failed, None) => Some(Self { since: at, failures: 1 }),
            (Outcome::Failed, Some(Self { since, failures })) => {
                Some(Self { since, failures: failures.saturating_add(1) })
            }
        }
    }

    /// Returns when the flow is turned off unless it succeeds before.
    pub(crate) fn turns_off(self) -> Option<Instant> {
        (self.failures >= FAILURES_MIN).then(|| self.since + FAILING_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Instant {
        Instant::from_seconds(1_767_603_600) + Span::from_days(day)
    }

    #[test]
    fn a_flow_is_turned_off_14_days_after_the_first_of_several_failures() {
        use RunStatus::{Aborted, Cancelled, Failed, Running, Succeeded, TimedOut, Waiting};
        // (what it shows, the runs by the day of their end, the day at which the flow is turned
        // off)
        /// What is shown, the runs by day, and the day on which the flow is turned off.
        type Row<'a> = (&'a str, &'a [(i64, RunStatus)], Option<i64>);
        let rows: &[Row<'_>] = &[
            ("no run", &[], None),
            ("success", &[(0, Succeeded), (1, Succeeded)], None),
            ("one failure", &[(0, Failed)], None),
            ("two failures", &[(0, Failed), (1, Failed)], Some(14)),
            ("a monthly flow", &[(0, Failed), (31, Failed)], Some(14)),
            ("a success ends it", &[(0, Failed), (1, Failed), (13, Succeeded)], None),
            ("it begins again", &[(0, Failed), (1, Succeeded), (2, Failed), (3, Failed)], Some(16)),
            ("one failure after a success", &[(0, Failed), (1, Failed), (2, Succeeded), (3, Failed)], None),
            ("time-outs and aborts fail", &[(0, TimedOut), (1, Aborted)], Some(14)),
            ("a cancelled run says nothing", &[(0, Failed), (1, Cancelled), (2, Failed)], Some(14)),
            ("only cancelled runs", &[(0, Cancelled), (1, Cancelled)], None),
            ("a cancelled run is no failure", &[(0, Failed), (1, Cancelled)], None),
            ("unfinished runs say nothing", &[(0, Failed), (1, Running), (2, Waiting)], None),
        ];
        for (what, runs, expected) in rows {
            let streak = runs
                .iter()
                .fold(None, |streak, (at, status)| Streak::after(streak, (*status).into(), day(*at)));
            assert_eq!(streak.and_then(Streak::turns_off), expected.map(day), "{what}");
        }
    }
}
