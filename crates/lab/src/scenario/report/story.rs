//! The report for people: what happened, when (virtual time), and why.

use std::fmt::Write;

use anstyle::Style;
use outlive_wire::counted;

use crate::scenario::result::{RunResult, ScenarioResult, Status, StepResult};
use crate::style::{STRONG, printable, styled};

/// Maximum width of a line, in characters.
const WIDTH: usize = 110;

/// Returns the heading of a scenario.
pub fn opening(name: &str, about: Option<&str>) -> String {
    let line = "=".repeat(name.chars().count().min(WIDTH));
    let mut text = format!("\n{}\n{line}\n", styled(STRONG, &printable(name)));
    if let Some(about) = about {
        text.push_str(&wrapped(&about.split_whitespace().collect::<Vec<_>>().join(" "), "", ""));
    }
    text
}

/// Returns the heading of a chapter.
pub fn chapter(title: &str) -> String {
    format!("\n{}\n", styled(STRONG, &printable(title)))
}

/// Returns a step: its time and title, what happened, why, and what was wrong.
pub fn step(step: &StepResult) -> String {
    let sign = match step.status {
        Status::Passed => "ok",
        Status::Failed => "FAILED",
        Status::Error => "ERROR",
        Status::Skipped => "skipped",
    };
    let at = step.at.map_or_else(|| " ".repeat(20), |at| at.whole_second().to_string());
    let indent = " ".repeat(24);
    let mut text = marked(&format!("{at}  {}", step.title), step.status.style(), sign, "  ", &indent);
    if step.status == Status::Skipped {
        return text;
    }
    for sentence in &step.narration {
        text.push_str(&wrapped(sentence, &indent, &indent));
    }
    for why in &step.why {
        text.push_str(&wrapped(&format!("why: {why}"), &indent, &format!("{indent}     ")));
    }
    for check in step.failures() {
        let _ = writeln!(text, "{indent}{}:", printable(&check.what));
        text.push_str(&wrapped(
            &format!("expected  {}", check.expected),
            &format!("{indent}  "),
            &format!("{indent}            "),
        ));
        text.push_str(&wrapped(
            &format!("got       {}", check.actual),
            &format!("{indent}  "),
            &format!("{indent}            "),
        ));
    }
    if let Some(diagnostic) = &step.diagnostic {
        for line in diagnostic.styled().lines() {
            let _ = writeln!(text, "    {line}");
        }
    } else if let Some(error) = &step.error {
        text.push_str(&wrapped(error, &indent, &indent));
    }
    text
}

/// Returns the summary of a scenario.
pub fn ending(scenario: &ScenarioResult) -> String {
    let count = |status: Status| scenario.steps.iter().filter(|step| step.status == status).count();
    let checks: usize = scenario.steps.iter().map(|step| step.checks.len()).sum();
    let mut text = format!(
        "\n{}: {} of {} passed, {} checked",
        styled(scenario.status.style(), scenario.status.word()),
        count(Status::Passed),
        counted(scenario.steps.len(), "step"),
        counted(checks, "expectation"),
    );
    for (status, word) in
        [(Status::Failed, "failed"), (Status::Error, "could not be executed"), (Status::Skipped, "skipped")]
    {
        if count(status) > 0 {
            let _ = write!(text, ", {}", styled(status.style(), &format!("{} {word}", count(status))));
        }
    }
    let _ = writeln!(text, " ({}.{:01} s)", scenario.wall_ms / 1_000, scenario.wall_ms % 1_000 / 100);
    text
}

/// Returns a whole scenario.
pub fn scenario(result: &ScenarioResult) -> String {
    let mut text = opening(&result.name, result.about.as_deref());
    let mut current = "";
    for result in &result.steps {
        if result.chapter != current {
            text.push_str(&chapter(&result.chapter));
            current = &result.chapter;
        }
        text.push_str(&step(result));
    }
    text.push_str(&ending(result));
    text
}

/// Returns the whole report.
pub fn report(result: &RunResult) -> String {
    result.files.iter().flat_map(|file| &file.scenarios).map(scenario).collect()
}

/// Breaks text into lines, the last of which ends with a mark in its style.
pub(super) fn marked(text: &str, style: Style, mark: &str, first: &str, rest: &str) -> String {
    // It stays in one line.
    let unbroken = mark.replace(' ', "\u{a0}");
    let whole = wrapped(&format!("{text} … {unbroken}"), first, rest);
    let before = whole.trim_end().strip_suffix(&unbroken).unwrap_or(&whole);
    format!("{before}{}\n", styled(style, mark))
}

/// Breaks text into lines. A word that is longer than a line is not split.
pub(super) fn wrapped(text: &str, first: &str, rest: &str) -> String {
    let text = printable(text);
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            rest.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
