//! The results of a run as plain data: file → scenario → step. Reports are made from them alone.

use anstyle::Style;
use outlive_clock::{Instant, Span, TenantId};
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Position};
use crate::scenario::twin_fact::TwinFact;
use crate::style::{BAD, DOUBTFUL, GOOD};

/// The outcome of a step, a scenario, a file or a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every expectation was met.
    Passed,
    /// An expectation was not met.
    Failed,
    /// It could not be executed, so its expectations were not checked.
    Error,
    /// It was not executed.
    Skipped,
}

impl Status {
    /// Returns the name (`passed`).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }

    /// Returns its style on a terminal.
    pub(crate) const fn style(self) -> Style {
        match self {
            Self::Passed => GOOD,
            Self::Failed | Self::Error => BAD,
            Self::Skipped => DOUBTFUL,
        }
    }

    /// Returns the worst of several outcomes: error, failed, passed. Skipped parts do not count. No
    /// parts, or only skipped ones, are an error: a run that checked nothing must not appear to
    /// have passed.
    pub fn of_all(parts: impl IntoIterator<Item = Self>) -> Self {
        let worst = parts.into_iter().fold(Self::Skipped, |worst, part| match (worst, part) {
            (Self::Error, _) | (_, Self::Error) => Self::Error,
            (Self::Failed, _) | (_, Self::Failed) => Self::Failed,
            (Self::Passed, _) | (_, Self::Passed) => Self::Passed,
            (Self::Skipped, Self::Skipped) => Self::Skipped,
        });
        if worst == Self::Skipped { Self::Error } else { worst }
    }
}

/// The result of one `outlive run`.
#[derive(Clone, Debug, Serialize)]
pub struct RunResult {
    /// The outcome.
    pub status: Status,
    /// The files, in the order given.
    pub files: Vec<FileResult>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FileResult {
    /// The path, as given.
    pub file: String,
    /// The outcome.
    pub status: Status,
    pub scenarios: Vec<ScenarioResult>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ScenarioResult {
    pub name: String,
    /// What it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The outcome.
    pub status: Status,
    /// The tenant in which it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// When it began (virtual time); absent if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<Instant>,
    /// The duration in milliseconds (wall time).
    pub wall_ms: i64,
    pub steps: Vec<StepResult>,
    /// If it is paired and passed: its variant, which must fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<Box<Variant>>,
}

/// The variant of a paired scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Variant {
    /// The fact in which both differ, with its two values.
    #[serde(flatten)]
    pub fact: TwinFact,
    /// The first step with different outcomes, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diverged_at: Option<usize>,
    pub result: ScenarioResult,
}

impl ScenarioResult {
    /// Returns the virtual time that passed in it. A restore takes time back, and what passes after
    /// it counts again.
    pub fn lasted(&self) -> Option<Span> {
        let mut before = self.began?;
        let (mut passed, mut is_begun) = (Span::ZERO, false);
        for at in self.steps.iter().filter_map(|step| step.at) {
            passed = passed + (at - before).max(Span::ZERO);
            (before, is_begun) = (at, true);
        }
        is_begun.then_some(passed)
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct StepResult {
    /// The chapter it belongs to.
    pub chapter: String,
    pub title: String,
    pub verb: &'static str,
    /// The outcome.
    pub status: Status,
    /// When it ended (virtual time); absent if it was not executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// The duration in milliseconds (wall time).
    pub wall_ms: i64,
    /// Its position in the file.
    pub position: Position,
    /// What happened, in sentences.
    pub narration: Vec<String>,
    /// The reasons of the issuer's decisions, from the journal.
    pub why: Vec<String>,
    /// The expectations.
    pub checks: Vec<Check>,
    /// Why it could not be executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// If it did not pass: its position, its line in the file, and what was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<Diagnostic>,
}

/// The result of an expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub what: String,
    /// The expected value.
    pub expected: String,
    /// The actual value.
    pub actual: String,
    /// Whether the expectation was met.
    pub passed: bool,
}

impl Check {
    /// Compares two values by their text.
    pub fn equal(what: impl Into<String>, expected: impl ToString, actual: impl ToString) -> Self {
        let (expected, actual) = (expected.to_string(), actual.to_string());
        Self { what: what.into(), passed: expected == actual, expected, actual }
    }

    /// Checks that a text contains another.
    pub fn holds(what: impl Into<String>, part: &str, text: &str) -> Self {
        Self {
            what: what.into(),
            expected: format!("contains \"{part}\""),
            actual: text.to_owned(),
            passed: text.contains(part),
        }
    }

    /// Records the result of any other comparison.
    pub fn that(
        what: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
        passed: bool,
    ) -> Self {
        Self { what: what.into(), expected: expected.into(), actual: actual.into(), passed }
    }
}

impl StepResult {
    /// Returns what was wrong, with its position if it has one; empty if nothing was.
    pub(crate) fn mistake(&self) -> String {
        match (&self.diagnostic, &self.error) {
            (Some(diagnostic), _) => diagnostic.to_string(),
            (None, error) => error.clone().unwrap_or_default(),
        }
    }

    /// Returns the checks that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Instant {
        Instant::from_seconds(1_767_603_600 + minutes * 60)
    }

    #[test]
    fn time_that_passes_after_a_restore_counts_again() {
        for (ends, lasted) in [
            (vec![], None),
            (vec![Some(0)], Some(0)),
            (vec![Some(10), None, Some(30)], Some(30)),
            (vec![Some(10), Some(70), Some(10), Some(40)], Some(100)),
        ] {
            let step = |minutes: Option<i64>| StepResult {
                chapter: String::new(),
                title: String::new(),
                verb: "advance",
                status: Status::Passed,
                at: minutes.map(at),
                wall_ms: 0,
                position: Position::default(),
                narration: Vec::new(),
                why: Vec::new(),
                checks: Vec::new(),
                error: None,
                diagnostic: None,
            };
            let scenario = ScenarioResult {
                name: String::new(),
                about: None,
                status: Status::Passed,
                tenant: None,
                began: Some(at(0)),
                wall_ms: 0,
                steps: ends.iter().copied().map(step).collect(),
                variant: None,
            };
            assert_eq!(scenario.lasted(), lasted.map(Span::from_minutes), "{ends:?}");
        }
    }

    #[test]
    fn the_worst_part_decides_and_skipped_parts_do_not_count() {
        use Status::{Error, Failed, Passed, Skipped};
        for (parts, whole) in [
            (vec![], Error),
            (vec![Skipped], Error),
            (vec![Passed, Skipped], Passed),
            (vec![Passed, Failed, Skipped], Failed),
            (vec![Failed, Error], Error),
        ] {
            assert_eq!(Status::of_all(parts), whole);
        }
    }
}
