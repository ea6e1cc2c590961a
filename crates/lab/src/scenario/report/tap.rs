//! The result tree as TAP 14 (Test Anything Protocol): a test point for each scenario, with the
//! step that did not pass as its diagnostic.

use std::fmt::Write;

use crate::scenario::result::{RunResult, ScenarioResult, Status};

/// Returns the whole report.
pub fn report(result: &RunResult) -> String {
    let scenarios: Vec<_> = result
        .files
        .iter()
        .flat_map(|file| file.scenarios.iter().map(|scenario| (file.file.as_str(), scenario)))
        .collect();
    let mut tap = format!("TAP version 14\n1..{}\n", scenarios.len());
    for (number, (file, scenario)) in scenarios.into_iter().enumerate() {
        point(&mut tap, number + 1, file, scenario);
    }
    tap
}

fn point(tap: &mut String, number: usize, file: &str, scenario: &ScenarioResult) {
    let (word, directive) = match scenario.status {
        Status::Passed => ("ok", ""),
        Status::Skipped => ("ok", " # SKIP"),
        Status::Failed | Status::Error => ("not ok", ""),
    };
    let description = escaped(&format!("{file} > {}", scenario.name));
    let _ = writeln!(tap, "{word} {number} - {description}{directive}");
    let mut wrong =
        scenario.steps.iter().filter(|step| matches!(step.status, Status::Failed | Status::Error));
    let Some(step) = wrong.next() else { return };
    let message = step.mistake();
    let _ = writeln!(tap, "  ---");
    // JSON texts are YAML texts, too.
    for (name, value) in [
        ("message", message.lines().next().unwrap_or_default()),
        ("severity", if step.status == Status::Failed { "fail" } else { "error" }),
        ("step", &step.title),
        ("file", file),
    ] {
        let _ = writeln!(tap, "  {name}: {}", serde_json::Value::from(value));
    }
    let _ = writeln!(tap, "  line: {}", step.position.line);
    if !step.why.is_empty() {
        let _ = writeln!(tap, "  why: {}", serde_json::Value::from(step.why.join(" ")));
    }
    // Of steps that run at the same time, several can fail; a point has one diagnostic.
    let others: Vec<&str> = wrong.map(|step| step.title.as_str()).collect();
    if !others.is_empty() {
        let _ = writeln!(tap, "  also: {}", serde_json::json!(others));
    }
    let _ = writeln!(tap, "  ...");
}

/// Escapes what begins a directive, and keeps the description in its line.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('#', "\\#");
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
