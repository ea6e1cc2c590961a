//! Steps that did not pass, and mistakes in files, as annotations of GitHub Actions: workflow
//! commands, which it shows at their lines.

use std::fmt::Write;

use crate::diagnostic::{Diagnostic, Position};
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
                let title = format!("{} / {}", scenario.name, step.title);
                annotate(&mut lines, &file.file, step.position, &title, &message);
            }
        }
    }
    lines
}

/// Returns a line for each mistake in a file.
pub fn mistakes(mistakes: &[Diagnostic]) -> String {
    let mut lines = String::new();
    for Diagnostic { file, position, message, remedy, .. } in mistakes {
        let text = format!("{message}\nremedy: {remedy}");
        annotate(&mut lines, file, *position, "Mistake in a file", &text);
    }
    lines
}

fn annotate(lines: &mut String, file: &str, position: Position, title: &str, message: &str) {
    let Position { line, column } = position;
    // A mistake of the whole file has no position.
    let place = if line == 0 { String::new() } else { format!(",line={line},col={column}") };
    let (file, title, message) = (property(file), property(title), data(message));
    let _ = writeln!(lines, "::error file={file}{place},title={title}::{message}");
}

fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    printable(&text).into_owned()
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
