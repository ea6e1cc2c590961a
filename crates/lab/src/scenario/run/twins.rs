//! Playing one story in two tenants that differ in one fact.

use futures::future::join;

use super::play::{RunOptions, Silent, tell};
use crate::diagnostic::Position;
use crate::scenario::ReadScenarios;
use crate::scenario::file::Scenario;
use crate::scenario::result::{Check, ScenarioResult, Status, StepResult};
use crate::scenario::twin_fact::TwinFact;

/// Both stories.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TwinsResult {
    /// In what they differ.
    pub fact: TwinFact,
    /// The story as it is written, and its twin's.
    pub stories: [ScenarioResult; 2],
    /// The first step that did not end alike in both, counted from 0.
    pub parted_at: Option<usize>,
}

/// Plays a scenario and its twin at once, each in a tenant of its own. `None` if it has none.
pub async fn run_twins(
    file: &ReadScenarios,
    scenario: &Scenario,
    options: &RunOptions,
) -> Option<TwinsResult> {
    let fact = scenario.twins.clone()?;
    let (twins_file, twin) = twin_of(file, scenario)?;
    let stories =
        join(tell(file, scenario, options, &Silent), tell(twins_file, twin, options, &Silent)).await;
    let parted_at = parting(&stories.0, &stories.1);
    Some(TwinsResult { fact, stories: stories.into(), parted_at })
}

/// Plays the twin of a story that was told and held: the step in which it has to part. `None` if it has no twin.
pub(super) async fn expect_parting(
    file: &ReadScenarios,
    scenario: &Scenario,
    held: &ScenarioResult,
    options: &RunOptions,
) -> Option<StepResult> {
    let TwinFact { fact, values } = scenario.twins.as_ref()?;
    let (twins_file, twin) = twin_of(file, scenario)?;
    let other = tell(twins_file, twin, options, &Silent).await;
    let parted = parting(held, &other).and_then(|number| other.steps.get(number));
    let actual = parted.map_or_else(
        || "all its steps ended alike".to_owned(),
        |step| format!("{} at the step '{}'", step.status.word(), step.title),
    );
    let passed = parted.is_some_and(|step| step.status == Status::Failed);
    let position = Position::of(&scenario.name);
    let check = Check::that("twin", "one of its steps fails", actual, passed);
    let diagnostic = (!passed).then(|| {
        let message = format!("twin: expected {}, got {}", check.expected, check.actual);
        file.at(position, message, "`outlive twins` shows both side by side").to_string()
    });
    Some(StepResult {
        chapter: "Its twin".to_owned(),
        title: format!(
            "With another {fact}, {} instead of {}, the story does not hold",
            values[1], values[0]
        ),
        verb: "twins",
        status: if passed { Status::Passed } else { Status::Failed },
        at: parted.and_then(|step| step.at),
        position,
        told: vec![format!("its twin: {}", check.actual)],
        why: parted.map(|step| step.why.clone()).unwrap_or_default(),
        checks: vec![check],
        error: None,
        diagnostic,
    })
}

/// The same scenario in the file of twins.
fn twin_of<'a>(file: &'a ReadScenarios, scenario: &Scenario) -> Option<(&'a ReadScenarios, &'a Scenario)> {
    let number = file.file.scenarios.value.iter().position(|known| std::ptr::eq(known, scenario))?;
    let twins_file = file.twin.as_deref()?;
    Some((twins_file, twins_file.file.scenarios.value.get(number)?))
}

fn parting(one: &ScenarioResult, other: &ScenarioResult) -> Option<usize> {
    one.steps.iter().zip(&other.steps).position(|(one, other)| one.status != other.status)
}

impl TwinsResult {
    /// Whether the story holds as it is written, and its twin's does not.
    #[must_use]
    pub fn part(&self) -> bool {
        let [one, other] = &self.stories;
        one.status == Status::Passed && other.status == Status::Failed && self.parted_at.is_some()
    }
}
