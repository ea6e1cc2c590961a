//! Playing one scenario from its first step to its last.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use outlive_chassis::Trace;
use outlive_clock::{Instant, Randomness, wall_now};

use super::lab_client::LabClient;
use super::telling::Telling;
use super::twins;
use super::world::{StepError, World};
use crate::diagnostic::Position;
use crate::http::Http;
use crate::scenario::file::{Scenario, Step, Verb};
use crate::scenario::read::ReadScenarios;
use crate::scenario::result::{ScenarioResult, Status, StepResult};

/// What a runner needs besides the scenario.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The lab's origin.
    pub lab: String,
    /// The client to call with.
    pub http: Http,
    /// The table the tenants live by; wins over what scenarios say.
    pub rules: Option<String>,
    /// Whether tenants stay after their scenario.
    pub keep: bool,
    /// Where verifiers, states and new passwords are drawn from.
    pub random: Randomness,
    /// A hook for tests: the step (counted from 1) of every scenario that panics; 0 panics before a tenant is created.
    pub panic_at_step: Option<usize>,
}

/// Somebody who watches a scenario being played.
pub trait Observer: Send + Sync {
    /// A scenario begins.
    fn scenario_begins(&self, scenario: &Scenario, tenant: &str);
    /// A step is done.
    fn step_done(&self, step: &StepResult);
    /// Time moves, and has come so far (all in virtual time).
    fn time_moves(&self, from: Instant, now: Instant, target: Instant);
    /// Time stands still again.
    fn time_stands(&self);
    /// Whether to go on. What was not played when this became false is an error in the result.
    fn goes_on(&self) -> bool {
        true
    }
}

/// An observer who does not care.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn scenario_begins(&self, _: &Scenario, _: &str) {}
    fn step_done(&self, _: &StepResult) {}
    fn time_moves(&self, _: Instant, _: Instant, _: Instant) {}
    fn time_stands(&self) {}
}

/// Plays a scenario in a tenant of its own. One that has a twin has one more step: its twin parts from it.
pub async fn run_scenario(
    file: &ReadScenarios,
    scenario: &Scenario,
    options: &RunOptions,
    observer: &dyn Observer,
) -> ScenarioResult {
    let mut result = tell(file, scenario, options, observer).await;
    if result.status == Status::Passed
        && observer.goes_on()
        && let Some(step) = twins::expect_parting(file, scenario, &result, options).await
    {
        observer.step_done(&step);
        result.steps.push(step);
        result.status = Status::of_all(result.steps.iter().map(|step| step.status));
    }
    result
}

/// Plays a scenario in a tenant of its own. What follows a step that failed is skipped: it would start from another state than
/// the one it was written for.
pub(super) async fn tell(
    file: &ReadScenarios,
    scenario: &Scenario,
    options: &RunOptions,
    observer: &dyn Observer,
) -> ScenarioResult {
    if !observer.goes_on() {
        return broken_scenario(file, scenario, NOT_STARTED, ENDED_EARLY);
    }
    if options.panic_at_step == Some(0) {
        test_panic("before its first step");
    }
    let began = wall_now();
    let lab = LabClient::new(options.http.clone(), &options.lab);
    let rules = options.rules.as_deref().or(scenario.rules.as_ref().map(|rules| rules.value.as_str()));
    let random = options.random.of(&scenario.name.value);
    let seed = scenario.seed.as_ref().map(|seed| seed.value.as_str());
    let start = scenario.start.value.instant(began);
    let made = lab.create(&scenario.name.value, seed, rules, start).await;
    let handout = match made {
        Ok(handout) => handout,
        Err(error) => {
            let message = format!("no tenant could be created: {error}");
            return broken_scenario(file, scenario, "A tenant is created", &message);
        }
    };
    let tenant = handout.tenant_id.clone();
    observer.scenario_begins(scenario, &tenant);
    let mut world = World::new(options.http.clone(), lab.clone(), handout, random, start);
    let mut steps = Vec::new();
    let mut going = true;
    for chapter in &scenario.chapters.value {
        for step in &chapter.steps.value {
            let place = Place { file, chapter: &chapter.title, position: Position::of(step) };
            let result = if !going {
                place.skipped(&step.value)
            } else if observer.goes_on() {
                let panics = options.panic_at_step == Some(steps.len() + 1);
                play(&mut world, &step.value, &place, observer, panics).await
            } else {
                place.error(&step.value, ENDED_EARLY)
            };
            going &= result.status == Status::Passed;
            observer.step_done(&result);
            steps.push(result);
        }
    }
    if !options.keep
        && let Err(error) = lab.delete(&tenant).await
    {
        tracing::warn!(%tenant, %error, "the scenario's tenant could not be removed");
    }
    ScenarioResult {
        name: scenario.name.value.clone(),
        about: scenario.about.clone(),
        status: Status::of_all(steps.iter().map(|step| step.status)),
        tenant: Some(tenant),
        wall_ms: (wall_now() - began).as_millis(),
        steps,
    }
}

/// What a step is called that stands for a scenario that was not started.
const NOT_STARTED: &str = "The scenario is not started";
/// Why the rest of a run was not played.
const ENDED_EARLY: &str = "the run ended early, since nothing more can be printed";

/// The result of a scenario that could not begin, or that ended without a result: one step, which is an error.
#[must_use]
pub fn broken_scenario(file: &ReadScenarios, scenario: &Scenario, title: &str, why: &str) -> ScenarioResult {
    let position = Position::of(&scenario.name);
    let step = StepResult {
        chapter: String::new(),
        title: title.to_owned(),
        verb: "scenario",
        status: Status::Error,
        at: None,
        position,
        told: Vec::new(),
        why: Vec::new(),
        checks: Vec::new(),
        error: Some(why.to_owned()),
        diagnostic: Some(file.at(position, why, REMEDY).to_string()),
    };
    ScenarioResult {
        name: scenario.name.value.clone(),
        about: scenario.about.clone(),
        status: Status::Error,
        tenant: None,
        wall_ms: 0,
        steps: vec![step],
    }
}

/// What to do about a step that did not pass.
const REMEDY: &str = "look at what was told above; --keep keeps the tenant for a closer look";

/// What a panic says.
#[must_use]
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Panics where a test asks for it: [`RunOptions::panic_at_step`].
fn test_panic(place: &str) -> ! {
    panic!("a test asked for a panic {place}")
}

/// Where a step stands.
struct Place<'a> {
    file: &'a ReadScenarios,
    chapter: &'a str,
    position: Position,
}

impl Place<'_> {
    fn skipped(&self, step: &Step) -> StepResult {
        let verb = step.verb().map_or("step", |(name, _)| name);
        StepResult {
            chapter: self.chapter.to_owned(),
            title: step.say.clone().unwrap_or_else(|| verb.replace('_', " ")),
            verb,
            status: Status::Skipped,
            at: None,
            position: self.position,
            told: Vec::new(),
            why: Vec::new(),
            checks: Vec::new(),
            error: None,
            diagnostic: None,
        }
    }

    fn error(&self, step: &Step, why: &str) -> StepResult {
        StepResult {
            status: Status::Error,
            error: Some(why.to_owned()),
            diagnostic: Some(self.file.at(self.position, why, REMEDY).to_string()),
            ..self.skipped(step)
        }
    }
}

async fn play(
    world: &mut World,
    step: &Step,
    place: &Place<'_>,
    observer: &dyn Observer,
    panics: bool,
) -> StepResult {
    // Every step is one trace: the journal can be asked what was decided in it.
    world.http = world.http.traced(Trace::begin(&world.random));
    world.lab = world.lab.traced(world.http.clone());
    let mut telling = Telling::default();
    let playing = async {
        if panics {
            test_panic("in this step");
        }
        perform(world, step, observer, &mut telling).await?;
        world.explain_step(step, &mut telling).await
    };
    // Whatever a panic left half done is not looked at again: all steps after one that did not pass are skipped.
    let outcome = AssertUnwindSafe(playing).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|panic| Err(StepError(panic_message(panic.as_ref()))));
    observer.time_stands();
    if let Some(mark) = &step.mark {
        world.marks.insert(mark.value.clone(), world.now);
    }
    let mut result = place.skipped(step);
    result.at = Some(world.now);
    result.status = match &outcome {
        Err(_) => Status::Error,
        Ok(()) if telling.passed() => Status::Passed,
        Ok(()) => Status::Failed,
    };
    result.error = outcome.err().map(|StepError(message)| message);
    (result.told, result.why, result.checks) = (telling.told, telling.why, telling.checks);
    if result.status != Status::Passed {
        let message = match &result.error {
            Some(error) => error.clone(),
            None => result
                .failures()
                .map(|check| format!("{}: expected {}, got {}", check.what, check.expected, check.actual))
                .collect::<Vec<_>>()
                .join("; "),
        };
        result.diagnostic = Some(place.file.at(place.position, message, REMEDY).to_string());
    }
    result
}

async fn perform(
    world: &mut World,
    step: &Step,
    observer: &dyn Observer,
    telling: &mut Telling,
) -> Result<(), StepError> {
    let Some((_, verb)) = step.verb() else {
        return Err(StepError("this step has no single verb".to_owned()));
    };
    match verb {
        Verb::SignIn(step) => world.sign_in(step, telling).await,
        Verb::Refresh(step) => world.refresh(step, telling).await,
        Verb::ClientCredentials(step) => world.client_credentials(step, telling).await,
        Verb::Call(step) => world.call(step, telling).await,
        Verb::Graph(step) => world.graph(step, telling).await,
        Verb::ChangePassword(step) => world.change_password(step, telling).await,
        Verb::RegisterPasskey(step) => world.register_passkey(step, telling).await,
        Verb::Event(step) => world.event(step, telling).await,
        Verb::CreateConnection(step) => world.create_connection(step, telling).await,
        Verb::FixConnection(step) => world.fix_connection(step, telling).await,
        Verb::ExpectConnection(step) => world.expect_connection(step, telling).await,
        Verb::CreateFlow(step) => world.create_flow(step, telling).await,
        Verb::StartFlow(step) => world.flow_verb(step, "start", "turns on", telling).await,
        Verb::StopFlow(step) => world.flow_verb(step, "stop", "turns off", telling).await,
        Verb::RunFlow(step) => world.flow_verb(step, "triggers/manual/run", "runs", telling).await,
        Verb::Advance(step) => world.advance(step, observer, telling).await,
        Verb::ExpectRuns(step) => world.expect_runs(step, telling).await,
        Verb::ExpectJournal(step) => world.expect_journal(step, telling).await,
    }
}
