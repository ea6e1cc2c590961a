//! One line over all files.

use std::fmt::Write;

use crate::scenario::result::{RunResult, Status};
use crate::style::styled;

/// Returns the outcome of all scenarios in one line.
pub fn report(result: &RunResult, wall_ms: i64) -> String {
    let scenarios = || result.files.iter().flat_map(|file| &file.scenarios);
    let count = |status: Status| scenarios().filter(|scenario| scenario.status == status).count();
    let steps: usize = scenarios().map(|scenario| scenario.steps.len()).sum();
    let mut text = format!(
        "\n{} in {}: {}",
        number(scenarios().count(), "scenario"),
        number(result.files.len(), "file"),
        styled(Status::Passed.style(), &format!("{} passed", count(Status::Passed)))
    );
    for (status, word) in
        [(Status::Failed, "failed"), (Status::Error, "could not be executed"), (Status::Skipped, "skipped")]
    {
        if count(status) > 0 {
            let _ = write!(text, ", {}", styled(status.style(), &format!("{} {word}", count(status))));
        }
    }
    let _ =
        writeln!(text, "; {} ({}.{:01} s)", number(steps, "step"), wall_ms / 1_000, wall_ms % 1_000 / 100);
    text
}

fn number(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}
