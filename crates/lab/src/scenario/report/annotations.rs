//! The steps that did not pass as annotations of GitHub Actions: workflow commands, which it shows
//! at their lines.

use std::fmt::Write;

use crate::scenario::result::{RunResult, Status};
use crate::style::printable;

/// Returns a line for each step that did not pass.
pub fn report(result: &RunResult) -> String {
    let mut lines = String::new();
    for file in &result.files {
        for scenario in &file.scenarios {
            for step in &scenario.steps {
                if !matches!(step.status, Status::Failed | Status::Error) {
                    continue;
                }
                let message = step.mistake();
                let message = step.why.iter().fold(message, |message, why| format!("{message}\n{why}"));
                let _ = writeln!(
                    lines,
                    "::error file={},line={},col={},title={}::{}",
                    property(&file.file),
                    step.position.line,
                    step.position.column,
                    property(&format!("{} / {}", scenario.name, step.title)),
                    data(&message)
                );
            }
        }
    }
    lines
}

fn data(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
