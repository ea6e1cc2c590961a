//! What came of a run: a tree of plain data, file → scenario → step. Reports are made of nothing else.

use outlive_clock::Instant;
use serde::Serialize;

use crate::diagnostic::Position;

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything expected came.
    Passed,
    /// Something else came than was expected.
    Failed,
    /// It could not be carried out, so nothing can be said about what was expected.
    Error,
    /// It was not reached.
    Skipped,
}

impl Status {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }

    /// The worst of many: error, failed, passed; skipped ones do not count. Nothing at all is an error, and so is nothing but
    /// skipped parts: a run in which nothing was checked must not look like one that passed.
    #[must_use]
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

/// Everything of one `outlive run`.
#[derive(Clone, Debug, Serialize)]
pub struct RunResult {
    /// How it ended.
    pub status: Status,
    /// The files in the order in which they were named.
    pub files: Vec<FileResult>,
}

/// One file.
#[derive(Clone, Debug, Serialize)]
pub struct FileResult {
    /// The file as it was named.
    pub file: String,
    /// How it ended.
    pub status: Status,
    /// Its scenarios.
    pub scenarios: Vec<ScenarioResult>,
}

/// One scenario.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioResult {
    /// Its name.
    pub name: String,
    /// What it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// How it ended.
    pub status: Status,
    /// The tenant it was played in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// How long it took, in milliseconds of wall time.
    pub wall_ms: i64,
    /// Its steps.
    pub steps: Vec<StepResult>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepResult {
    /// The chapter it belongs to.
    pub chapter: String,
    /// How the story tells it.
    pub title: String,
    /// Its verb.
    pub verb: &'static str,
    /// How it ended.
    pub status: Status,
    /// The virtual instant at which it ended; none if it was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// Where it stands in the file.
    pub position: Position,
    /// What happened, in words.
    pub told: Vec<String>,
    /// Why the issuer decided as it did, in its own words from the journal.
    pub why: Vec<String>,
    /// What was expected and what came.
    pub checks: Vec<Check>,
    /// Why it could not be carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where it stands, the line itself, what was wrong: for one that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<String>,
}

/// One expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub actual: String,
    /// Whether it is the same.
    pub passed: bool,
}

impl Check {
    /// Compares two values by their words.
    #[must_use]
    pub fn equal(what: impl Into<String>, expected: impl ToString, actual: impl ToString) -> Self {
        let (expected, actual) = (expected.to_string(), actual.to_string());
        Self { what: what.into(), passed: expected == actual, expected, actual }
    }

    /// Whether a text holds another.
    #[must_use]
    pub fn holds(what: impl Into<String>, part: &str, text: &str) -> Self {
        Self {
            what: what.into(),
            expected: format!("holds \"{part}\""),
            actual: text.to_owned(),
            passed: text.contains(part),
        }
    }

    /// A comparison whose answer is known.
    #[must_use]
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
    /// The checks that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_part_decides_and_what_was_skipped_does_not_count() {
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
