//! Runs one scenario, from its first step to its last.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use outlive_chassis::Trace;
use outlive_clock::{Instant, Randomness, Speed, wall_now};
use outlive_wire::lab_api::{InitialClock, TenantCredentials, TenantRequest};

use super::lab_client::LabClient;
use super::recorder::{StepRecorder, TimeObserver};
use super::world::{StepError, World};
use crate::diagnostic::Position;
use crate::http::Http;
use crate::matrix::TemporaryTenant;
use crate::scenario::file::Scenario;
use crate::scenario::read::ReadScenarios;
use crate::scenario::result::{ScenarioResult, Status, StepResult};
use crate::scenario::verbs::{Step, StepVerb};
use crate::tenants::{NewTenant, Tenants};

/// Settings of a run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The lab's origin.
    pub lab: String,
    /// The HTTP client.
    pub http: Http,
    /// The revocation table of the tenants; overrides the one that a scenario names.
    pub rules: Option<String>,
    /// Whether tenants are kept after their scenario.
    pub keep: bool,
    /// Source of code verifiers, `state` values and new passwords.
    pub random: Randomness,
    /// A hook for tests: the step of every scenario that panics, counted from 1; 0 panics before
    /// the tenant is created.
    pub panic_at_step: Option<usize>,
    /// The tenants of the lab that runs the scenario itself. Its tenant is then deleted also if the
    /// run is canceled.
    pub tenants: Option<Tenants>,
}

/// Receives the progress of a scenario.
pub trait Observer: TimeObserver {
    fn scenario_started(&self, scenario: &Scenario);
    fn step_finished(&self, step: &StepResult);
    /// Whether to continue with the next step. Steps not run because of `false` are errors in the
    /// result.
    fn should_continue(&self) -> bool {
        true
    }
}

/// An observer that ignores everything.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn scenario_started(&self, _: &Scenario) {}
    fn step_finished(&self, _: &StepResult) {}
}

impl TimeObserver for Silent {
    fn time_moved(&self, _: Instant, _: Instant, _: Instant) {}
    fn time_stopped(&self) {}
}

/// Runs a scenario in a tenant of its own. The steps after a failed one are skipped: they would
/// start from a state that they were not written for.
pub(super) async fn run_single(
    file: &ReadScenarios,
    scenario: &Scenario,
    options: &RunOptions,
    observer: &dyn Observer,
) -> ScenarioResult {
    if !observer.should_continue() {
        return broken_scenario(file, scenario, NOT_STARTED, ENDED_EARLY);
    }
    if options.panic_at_step == Some(0) {
        test_panic("before the first step");
    }
    let started = wall_now();
    let lab = LabClient::new(options.http.clone(), &options.lab);
    let rules = options.rules.clone().or_else(|| scenario.rules.as_ref().map(|rules| rules.value.clone()));
    let random = options.random.of(&scenario.name.value);
    let start = scenario.start.value.instant(started);
    // Without connections and flows, and with a stopped clock.
    let request = TenantRequest {
        name: Some(scenario.name.value.clone()),
        seed: scenario.seed.as_ref().map(|seed| seed.value.clone()),
        rules,
        clock: InitialClock { now: Some(start), speed: Some(Speed::FROZEN) },
        bare: true,
        ..TenantRequest::default()
    };
    let (temporary, credentials) = match create_tenant(options, &lab, request).await {
        Ok(created) => created,
        Err(error) => {
            let message = format!("cannot create a tenant: {error}");
            return broken_scenario(file, scenario, "Create a tenant", &message);
        }
    };
    let tenant = credentials.tenant_id;
    observer.scenario_started(scenario);
    let mut world = World::new(options.http.clone(), lab.clone(), credentials, random, start);
    let mut steps = Vec::new();
    let mut running = true;
    for chapter in &scenario.chapters.value {
        for step in &chapter.steps.value {
            let location = StepLocation { file, chapter: &chapter.title, position: Position::of(step) };
            let result = if !running {
                location.skipped(&step.value)
            } else if observer.should_continue() {
                let panics = options.panic_at_step == Some(steps.len() + 1);
                run_step(&mut world, &step.value, &location, observer, panics).await
            } else {
                location.error(&step.value, ENDED_EARLY)
            };
            running &= result.status == Status::Passed;
            observer.step_finished(&result);
            steps.push(result);
        }
    }
    let deleted = match temporary {
        Some(temporary) => temporary.delete().await.map_err(|error| error.to_string()),
        None if options.keep => Ok(()),
        None => lab.delete(tenant).await.map_err(|error| error.to_string()),
    };
    if let Err(error) = deleted {
        tracing::warn!(%tenant, %error, "the scenario's tenant cannot be deleted");
    }
    ScenarioResult {
        name: scenario.name.value.clone(),
        about: scenario.about.clone(),
        status: Status::of_all(steps.iter().map(|step| step.status)),
        tenant: Some(tenant),
        wall_ms: (wall_now() - started).as_millis(),
        steps,
    }
}

/// Creates the tenant of a scenario: through the lab API, or in the lab itself.
async fn create_tenant(
    options: &RunOptions,
    lab: &LabClient,
    request: TenantRequest,
) -> Result<(Option<TemporaryTenant>, TenantCredentials), String> {
    let Some(tenants) = &options.tenants else {
        let created = lab.create(&request).await;
        return created.map(|credentials| (None, credentials)).map_err(|error| error.to_string());
    };
    let new = NewTenant {
        name: request.name,
        seed: request.seed,
        rules: request.rules,
        now: request.clock.now,
        speed: request.clock.speed,
        overlay: request.overlay,
        bare: request.bare,
        ..NewTenant::default()
    };
    let created = TemporaryTenant::create(tenants, new).await;
    created.map(|(tenant, credentials)| (Some(tenant), credentials)).map_err(|error| error.to_string())
}

/// The title of the step that stands for a scenario that was not started.
const NOT_STARTED: &str = "The scenario was not started";
/// Why the rest of a run was not executed.
const ENDED_EARLY: &str = "the run ended early because its output cannot be printed";

/// Returns the result of a scenario that could not start or has no result: a single failed step.
pub fn broken_scenario(file: &ReadScenarios, scenario: &Scenario, title: &str, why: &str) -> ScenarioResult {
    let position = Position::of(&scenario.name);
    let step = StepResult {
        chapter: String::new(),
        title: title.to_owned(),
        verb: "scenario",
        status: Status::Error,
        at: None,
        position,
        narration: Vec::new(),
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

/// Returns the result of a scenario that was not started, because another did not pass.
pub fn skipped_scenario(scenario: &Scenario) -> ScenarioResult {
    ScenarioResult {
        name: scenario.name.value.clone(),
        about: scenario.about.clone(),
        status: Status::Skipped,
        tenant: None,
        wall_ms: 0,
        steps: Vec::new(),
    }
}

/// What to do about a step that did not pass.
const REMEDY: &str = "see the output above; --keep keeps the tenant for inspection";

pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Panics at the step that a test has chosen with [`RunOptions::panic_at_step`].
fn test_panic(place: &str) -> ! {
    panic!("a panic requested by a test, {place}")
}

/// The position of a step in its file.
struct StepLocation<'a> {
    file: &'a ReadScenarios,
    chapter: &'a str,
    position: Position,
}

impl StepLocation<'_> {
    fn skipped(&self, step: &Step) -> StepResult {
        let verb = step.verb().map_or("step", StepVerb::name);
        StepResult {
            chapter: self.chapter.to_owned(),
            title: step.say.clone().unwrap_or_else(|| verb.replace('_', " ")),
            verb,
            status: Status::Skipped,
            at: None,
            position: self.position,
            narration: Vec::new(),
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

async fn run_step(
    world: &mut World,
    step: &Step,
    location: &StepLocation<'_>,
    observer: &dyn Observer,
    panics: bool,
) -> StepResult {
    // Every step has a trace of its own, by which its decisions are found in the journal.
    world.http = world.http.traced(Trace::begin(&world.random));
    world.lab = world.lab.traced(world.http.clone());
    let mut recorder = StepRecorder::new(observer);
    let running = async {
        if panics {
            test_panic("in this step");
        }
        let Ok(verb) = step.verb() else {
            return Err(StepError("a step needs exactly one verb".to_owned()));
        };
        verb.run(world, &mut recorder).await?;
        world.explain_step(step.is_sign_in_by_session(), &mut recorder).await
    };
    // State that a panic left inconsistent is not used again: the steps after a failed one are
    // skipped.
    let outcome = AssertUnwindSafe(running).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|panic| Err(StepError(panic_message(panic.as_ref()))));
    observer.time_stopped();
    if let Some(mark) = &step.mark {
        world.marks.insert(mark.value.clone(), world.now);
    }
    let mut result = location.skipped(step);
    result.at = Some(world.now);
    result.status = match &outcome {
        Err(_) => Status::Error,
        Ok(()) if recorder.passed() => Status::Passed,
        Ok(()) => Status::Failed,
    };
    result.error = outcome.err().map(|StepError(message)| message);
    (result.narration, result.why, result.checks) = (recorder.narration, recorder.why, recorder.checks);
    if result.status != Status::Passed {
        let message = match &result.error {
            Some(error) => error.clone(),
            None => result
                .failures()
                .map(|check| format!("{}: expected {}, got {}", check.what, check.expected, check.actual))
                .collect::<Vec<_>>()
                .join("; "),
        };
        result.diagnostic = Some(location.file.at(location.position, message, REMEDY).to_string());
    }
    result
}
