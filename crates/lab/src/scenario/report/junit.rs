//! The result tree as JUnit XML: a suite for each scenario, a case for each step.

use std::fmt::Write;

use crate::scenario::result::{RunResult, ScenarioResult, Status, StepResult};

/// Returns the whole report.
pub fn report(result: &RunResult) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for file in &result.files {
        for scenario in &file.scenarios {
            suite(&mut xml, &file.file, scenario);
        }
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(xml: &mut String, file: &str, scenario: &ScenarioResult) {
    if scenario.steps.is_empty() {
        // It was not started.
        let name = escaped(&scenario.name);
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{name}\" file=\"{}\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\" time=\"0.000\">\n    \
             <testcase classname=\"{name}\" name=\"{name}\"><skipped/></testcase>\n  </testsuite>",
            escaped(file)
        );
        return;
    }
    let count = |status: Status| scenario.steps.iter().filter(|step| step.status == status).count();
    let seconds = seconds(scenario.wall_ms);
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{seconds}\">",
        escaped(&scenario.name),
        escaped(file),
        scenario.steps.len(),
        count(Status::Failed),
        count(Status::Error),
        count(Status::Skipped),
    );
    for step in &scenario.steps {
        case(xml, scenario, step);
    }
    xml.push_str("  </testsuite>\n");
}

fn case(xml: &mut String, scenario: &ScenarioResult, step: &StepResult) {
    let name = if step.chapter.is_empty() {
        step.title.clone()
    } else {
        format!("{} / {}", step.chapter, step.title)
    };
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" line=\"{}\" time=\"{}\"",
        escaped(&scenario.name),
        escaped(&name),
        step.position.line,
        seconds(step.wall_ms)
    );
    let message = step.mistake();
    let first = message.lines().next().unwrap_or_default();
    let body = step.why.iter().fold(message.clone(), |body, why| format!("{body}\n{why}"));
    match step.status {
        Status::Passed => xml.push_str("/>\n"),
        Status::Skipped => xml.push_str("><skipped/></testcase>\n"),
        Status::Failed => {
            let _ = writeln!(
                xml,
                "><failure message=\"{}\">{}</failure></testcase>",
                escaped(first),
                escaped(&body)
            );
        }
        Status::Error => {
            let _ =
                writeln!(xml, "><error message=\"{}\">{}</error></testcase>", escaped(first), escaped(&body));
        }
    }
}

fn seconds(milliseconds: i64) -> String {
    // The clock of the machine can be set back.
    let milliseconds = milliseconds.max(0);
    format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000)
}

/// Escapes markup, and replaces characters that XML 1.0 forbids.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            control if control.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
