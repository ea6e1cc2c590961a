//! Runs a scenario, and its variant in a tenant that differs in one fact.

use futures::future::join;

use super::observer::{Observer, Silent};
use super::play::{RunOptions, run_single};
use crate::scenario::ReadScenarios;
use crate::scenario::file::Scenario;
use crate::scenario::result::{Check, ScenarioResult, Status, StepResult, Variant};
use crate::scenario::twin_fact::TwinFact;

/// The results of a scenario and its variant.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TwinsResult {
    /// The fact in which they differ.
    pub fact: TwinFact,
    /// The result of the scenario as written, then that of its variant.
    pub results: [ScenarioResult; 2],
    /// The first step with different outcomes, counted from 0.
    pub diverged_at: Option<usize>,
}

/// Runs a scenario and its variant at once, each in a tenant of its own; the observer receives the
/// steps of both. Returns `None` if the scenario is not paired.
pub async fn run_twins(
    file: &ReadScenarios,
    scenario: &Scenario,
    options: &RunOptions,
    observer: &dyn Observer,
) -> Option<TwinsResult> {
    let fact = scenario.twins.clone()?;
    let (variant_file, variant) = variant_of(file, scenario)?;
    let of_variant = options.of_variant(scenario);
    let results = join(
        run_single(file, scenario, options, observer),
        run_single(variant_file, variant, &of_variant, observer),
    )
    .await;
    let diverged_at = divergence(&results.0, &results.1);
    Some(TwinsResult { fact, results: results.into(), diverged_at })
}

/// Runs a scenario in a tenant of its own. If the scenario is paired, one more step checks that its
/// variant has another outcome.
pub async fn run_scenario(
    file: &ReadScenarios,
    scenario: &Scenario,
    options: &RunOptions,
    observer: &dyn Observer,
) -> ScenarioResult {
    let mut result = run_single(file, scenario, options, observer).await;
    if result.status == Status::Passed
        && observer.should_continue()
        && let Some(variant) = run_variant(file, scenario, &result, options, observer).await
    {
        let step = expect_divergence(file, scenario, &variant);
        observer.step_finished(&step);
        result.steps.push(step);
        result.variant = Some(Box::new(variant));
        result.status = Status::of_all(result.steps.iter().map(|step| step.status));
    }
    result
}

/// Runs the variant of a scenario that passed. Returns `None` if the scenario is not paired.
async fn run_variant(
    file: &ReadScenarios,
    scenario: &Scenario,
    passed: &ScenarioResult,
    options: &RunOptions,
    observer: &dyn Observer,
) -> Option<Variant> {
    let fact = scenario.twins.clone()?;
    let (variant_file, variant) = variant_of(file, scenario)?;
    observer.variant_started();
    let result = run_single(variant_file, variant, &options.of_variant(scenario), &Silent).await;
    Some(Variant { fact, diverged_at: divergence(passed, &result), result })
}

/// Returns a step that checks that the variant fails.
fn expect_divergence(file: &ReadScenarios, scenario: &Scenario, variant: &Variant) -> StepResult {
    let TwinFact { fact, values } = &variant.fact;
    let diverged = variant.diverged_at.and_then(|number| variant.result.steps.get(number));
    let actual = diverged.map_or_else(
        || "no step ended differently".to_owned(),
        |step| format!("{} at the step '{}'", step.status.word(), step.title),
    );
    let passed = diverged.is_some_and(|step| step.status == Status::Failed);
    let position = file.position_of(&scenario.name);
    let check = Check::that("variant", "one of its steps fails", actual, passed);
    let diagnostic = (!passed).then(|| {
        let message = format!("variant: expected {}, got {}", check.expected, check.actual);
        file.at(position, message, "`outlive twins` compares both step by step")
    });
    StepResult {
        chapter: "The variant".to_owned(),
        title: format!("With {fact} {} instead of {}, the scenario fails", values[1], values[0]),
        verb: "twins",
        status: if passed { Status::Passed } else { Status::Failed },
        at: diverged.and_then(|step| step.at),
        wall_ms: diverged.map_or(0, |step| step.wall_ms),
        position,
        narration: vec![format!("the variant: {}", check.actual)],
        why: diverged.map(|step| step.why.clone()).unwrap_or_default(),
        checks: vec![check],
        error: None,
        diagnostic,
    }
}

fn variant_of<'a>(file: &'a ReadScenarios, scenario: &Scenario) -> Option<(&'a ReadScenarios, &'a Scenario)> {
    let number = file.file.scenarios.value.iter().position(|known| std::ptr::eq(known, scenario))?;
    let variant_file = file.twin.as_deref()?;
    Some((variant_file, variant_file.file.scenarios.value.get(number)?))
}

fn divergence(one: &ScenarioResult, other: &ScenarioResult) -> Option<usize> {
    one.steps.iter().zip(&other.steps).position(|(one, other)| one.status != other.status)
}

impl TwinsResult {
    /// Whether the scenario passes as written and its variant fails.
    pub fn diverges(&self) -> bool {
        let [written, variant] = &self.results;
        written.status == Status::Passed && variant.status == Status::Failed && self.diverged_at.is_some()
    }
}
