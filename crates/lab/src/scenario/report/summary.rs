//! One line over all files.

use std::fmt::Write;

use outlive_clock::Span;
use outlive_wire::counted;

use crate::scenario::result::{RunResult, ScenarioResult, Status};
use crate::span_in_words::long_in_words;
use crate::style::styled;

/// Returns the outcome of all scenarios in one line.
pub fn report(result: &RunResult, wall_ms: i64) -> String {
    let scenarios = || result.files.iter().flat_map(|file| &file.scenarios);
    let count = |status: Status| scenarios().filter(|scenario| scenario.status == status).count();
    let steps: usize = scenarios().map(|scenario| scenario.steps.len()).sum();
    let mut text = format!(
        "\n{} in {}: {}",
        counted(scenarios().count(), "scenario"),
        counted(result.files.len(), "file"),
        styled(Status::Passed.style(), &format!("{} passed", count(Status::Passed)))
    );
    for (status, word) in
        [(Status::Failed, "failed"), (Status::Error, "could not be executed"), (Status::Skipped, "skipped")]
    {
        if count(status) > 0 {
            let _ = write!(text, ", {}", styled(status.style(), &format!("{} {word}", count(status))));
        }
    }
    let (steps, time) = (counted(steps, "step"), virtual_time(result).unwrap_or_default());
    let _ = writeln!(text, "; {steps}{time} ({}.{:01} s)", wall_ms / 1_000, wall_ms % 1_000 / 100);
    text
}

/// Returns the virtual time that passed in all scenarios, if there is enough of it to be counted.
fn virtual_time(result: &RunResult) -> Option<String> {
    let scenarios = result.files.iter().flat_map(|file| &file.scenarios);
    let passed = Span::from_millis(scenarios.filter_map(ScenarioResult::lasted).map(Span::as_millis).sum());
    (passed >= Span::from_minutes(1)).then(|| format!(", {} of virtual time", long_in_words(passed)))
}
