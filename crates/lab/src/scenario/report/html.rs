//! The result tree as a page that needs no other file: every step with what happened, why, and what
//! was expected, on the line of its virtual time.

use anstream::adapter::strip_str;
use askama::Template;

use crate::scenario::result::{Check, RunResult, ScenarioResult, Status, StepResult};
use crate::style::printable;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    result: &'a RunResult,
    summary: String,
}

/// Returns the whole page, without scripts or external resources.
pub fn report(result: &RunResult, wall_ms: i64) -> String {
    let summary = strip_str(super::summary::report(result, wall_ms).trim()).to_string();
    printable(&Page { result, summary }.to_string()).into_owned()
}

/// The steps of a chapter.
struct Chapter<'a> {
    title: &'a str,
    steps: Vec<&'a StepResult>,
}

fn chapters(scenario: &ScenarioResult) -> Vec<Chapter<'_>> {
    let mut chapters: Vec<Chapter<'_>> = Vec::new();
    for step in &scenario.steps {
        match chapters.last_mut() {
            Some(chapter) if chapter.title == step.chapter => chapter.steps.push(step),
            _ => chapters.push(Chapter { title: &step.chapter, steps: vec![step] }),
        }
    }
    chapters
}

/// A scenario that passed is folded.
fn is_open(scenario: &ScenarioResult) -> bool {
    matches!(scenario.status, Status::Failed | Status::Error)
}

fn seconds(wall_ms: i64) -> String {
    format!("{}.{:01} s", wall_ms / 1_000, wall_ms % 1_000 / 100)
}

fn failures(step: &StepResult) -> Vec<&Check> {
    step.failures().collect()
}

/// The marks of a scenario on the line of its virtual time: the step, and its place in percent.
fn marks(scenario: &ScenarioResult) -> Vec<(&StepResult, String)> {
    let instants = || scenario.steps.iter().filter_map(|step| step.at);
    let (Some(first), Some(last)) = (instants().min(), instants().max()) else { return Vec::new() };
    let total = (last - first).as_millis().max(1);
    let place = |step: &StepResult| {
        let tenths = (step.at? - first).as_millis().saturating_mul(1_000) / total;
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    };
    scenario.steps.iter().filter_map(|step| Some((step, place(step)?))).collect()
}
