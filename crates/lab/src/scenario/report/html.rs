//! The result tree as a page that needs no other file: every step with what happened, why, and what
//! was expected, on the line of its virtual time; a paired scenario beside its variant.

use anstream::adapter::strip_str;
use askama::Template;
use outlive_clock::TenantId;

use crate::scenario::result::{Check, RunResult, ScenarioResult, Status, StepResult, Variant};
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
    rows: Vec<Row<'a>>,
}

/// A step, and the same step of the variant if it has another outcome there, or happened otherwise.
struct Row<'a> {
    step: &'a StepResult,
    variant: Option<&'a StepResult>,
    /// Whether it is the first with another outcome.
    is_divergence: bool,
}

fn chapters(scenario: &ScenarioResult) -> Vec<Chapter<'_>> {
    let mut chapters: Vec<Chapter<'_>> = Vec::new();
    for (number, step) in scenario.steps.iter().enumerate() {
        let row = Row {
            step,
            variant: variant_step(scenario, number).filter(|variant| !is_same(scenario, step, variant)),
            is_divergence: scenario
                .variant
                .as_ref()
                .is_some_and(|variant| variant.diverged_at == Some(number)),
        };
        match chapters.last_mut() {
            Some(chapter) if chapter.title == step.chapter => chapter.rows.push(row),
            _ => chapters.push(Chapter { title: &step.chapter, rows: vec![row] }),
        }
    }
    chapters
}

fn variant_step(scenario: &ScenarioResult, number: usize) -> Option<&StepResult> {
    scenario.variant.as_ref()?.result.steps.get(number)
}

/// Whether a step and that of the variant are shown with the same words, apart from the domains of
/// their tenants.
fn is_same(scenario: &ScenarioResult, step: &StepResult, other: &StepResult) -> bool {
    let shown = |step: &StepResult, tenant: Option<TenantId>| {
        let domain = tenant.map(|tenant| format!("@{}.", &tenant.to_string()[..8]));
        let shared = |text: &String| domain.as_ref().map_or(text.clone(), |domain| text.replace(domain, "@"));
        (step.status, step.at, step.narration.iter().map(shared).collect::<Vec<_>>(), step.why.clone())
    };
    let variant = scenario.variant.as_ref().and_then(|variant| variant.result.tenant);
    shown(step, scenario.tenant) == shown(other, variant)
}

/// The lines of virtual time: that of the scenario, and that of its variant, each with its name.
fn time_lines(scenario: &ScenarioResult) -> Vec<(&str, &ScenarioResult)> {
    match &scenario.variant {
        None => vec![("", scenario)],
        Some(variant) => {
            let [written, other] = &variant.fact.values;
            vec![(written, scenario), (other, &variant.result)]
        }
    }
}

/// The two sides of a step with different outcomes: the value of the fact, and the step.
fn sides<'a>(variant: &'a Variant, row: &Row<'a>) -> Vec<(&'a str, &'a StepResult)> {
    let [written, other] = &variant.fact.values;
    let values = [written.as_str(), other.as_str()];
    values
        .into_iter()
        .zip([Some(row.step), row.variant])
        .filter_map(|(value, step)| Some((value, step?)))
        .collect()
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

/// The marks of a scenario, or of its variant, on the line of virtual time of both: the step, and
/// its place in percent.
fn marks<'a>(scenario: &ScenarioResult, lived: &'a ScenarioResult) -> Vec<(&'a StepResult, String)> {
    let variant = || scenario.variant.iter().flat_map(|variant| &variant.result.steps);
    let instants = || scenario.steps.iter().chain(variant()).filter_map(|step| step.at);
    let (Some(first), Some(last)) = (instants().min(), instants().max()) else { return Vec::new() };
    let total = (last - first).as_millis().max(1);
    let place = |step: &StepResult| {
        let tenths = (step.at? - first).as_millis().saturating_mul(1_000) / total;
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    };
    lived.steps.iter().filter_map(|step| Some((step, place(step)?))).collect()
}
