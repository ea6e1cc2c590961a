//! Runs one scenario, from its first step to its last.

use std::time::Duration;

use outlive_chassis::pause;
use outlive_clock::{Randomness, Span, Speed, TenantId, wall_now};
use outlive_wire::lab_api::{InitialClock, TenantCredentials, TenantRequest};

use super::interrupt::Interrupt;
use super::lab_client::{LabClient, LabError};
use super::observer::Observer;
use super::parallel::run_parallel;
use super::step::{REMEDY, StepLocation, run_step, test_panic};
use super::tenant_name::{tenant_name, variant_name};
use super::world::World;
use crate::http::Http;
use crate::matrix::TemporaryTenant;
use crate::scenario::file::Scenario;
use crate::scenario::read::ReadScenarios;
use crate::scenario::result::{ScenarioResult, Status, StepResult};
use crate::scenario::verbs::Step;
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
    /// The name of the tenant, if it is not that of the scenario. With a seed, ids and lifetimes
    /// follow from it, so no other scenario of the run may have it.
    pub tenant_name: Option<String>,
    /// A hook for tests: the step of every scenario that panics, counted from 1; 0 panics before
    /// the tenant is created.
    pub panic_at_step: Option<usize>,
    /// The tenants of the lab that runs the scenario itself. Its tenant is then deleted also if the
    /// run is canceled.
    pub tenants: Option<Tenants>,
    /// Ends the run early.
    pub interrupt: Interrupt,
}

impl RunOptions {
    fn name_for(&self, scenario: &Scenario) -> String {
        self.tenant_name.clone().unwrap_or_else(|| tenant_name(scenario))
    }

    /// Returns the settings for the variant of a scenario, which may run at the same time.
    pub(super) fn of_variant(&self, scenario: &Scenario) -> Self {
        Self { tenant_name: Some(variant_name(&self.name_for(scenario))), ..self.clone() }
    }
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
    if options.interrupt.is_set() {
        return skipped_scenario(scenario);
    }
    let started = wall_now();
    let lab = LabClient::new(options.http.clone(), &options.lab);
    let rules = options.rules.clone().or_else(|| scenario.rules.as_ref().map(|rules| rules.value.clone()));
    let name = options.name_for(scenario);
    let random = options.random.of(&name);
    let start = scenario.start.value.instant(started);
    // Without connections and flows, and with a stopped clock.
    let request = TenantRequest {
        name: Some(name),
        seed: scenario.seed.as_ref().map(|seed| seed.value.clone()),
        overlay: scenario.overlay.as_ref().map(|overlay| overlay.value.clone()),
        rules,
        clock: InitialClock { now: Some(start), speed: Some(Speed::FROZEN) },
        bare: true,
        // For a run that is killed and cannot delete it.
        lifetime: (!options.keep).then_some(LIFETIME),
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
            let location =
                |step| StepLocation { file, chapter: &chapter.title.value, position: file.position_of(step) };
            let single: Vec<_> = Step::single(step).map(|step| (step, location(step))).collect();
            let panics_at = options.panic_at_step.and_then(|number| number.checked_sub(steps.len() + 1));
            let results = if !running {
                single.iter().map(|(step, location)| location.skipped(&step.value)).collect()
            } else if !observer.should_continue() {
                single.iter().map(|(step, location)| location.error(&step.value, ENDED_EARLY)).collect()
            } else {
                let run = async {
                    let panics = panics_at == Some(0);
                    if step.value.parallel.is_some() {
                        return run_parallel(&mut world, &single, observer, panics_at).await;
                    }
                    vec![run_step(&mut world, &step.value, &location(step), observer, panics).await]
                };
                tokio::select! {
                    biased;
                    () = options.interrupt.wait() => {
                        single.iter().map(|(step, location)| location.error(&step.value, INTERRUPTED)).collect()
                    }
                    results = run => results,
                }
            };
            if step.value.parallel.is_some()
                && let Some(mark) = &step.value.mark
            {
                world.marks.insert(mark.value.clone(), world.now);
            }
            running &= results.iter().all(|result| result.status == Status::Passed);
            results.iter().for_each(|result| observer.step_finished(result));
            steps.extend(results);
        }
    }
    let deleted = match temporary {
        Some(temporary) => temporary.delete().await.map_err(|error| error.to_string()),
        None if options.keep => Ok(()),
        None => delete(&lab, tenant).await.map_err(|error| error.to_string()),
    };
    if let Err(error) = deleted {
        tracing::warn!(%tenant, %error, "the scenario's tenant cannot be deleted");
    }
    ScenarioResult {
        name: scenario.name.value.clone(),
        about: scenario.about.clone(),
        status: Status::of_all(steps.iter().map(|step| step.status)),
        tenant: Some(tenant),
        began: Some(start),
        wall_ms: (wall_now() - started).as_millis(),
        steps,
        variant: None,
    }
}

/// Deletes the tenant of a scenario. After an interruption, the lab may still move its time.
async fn delete(lab: &LabClient, tenant: TenantId) -> Result<(), LabError> {
    let started = wall_now();
    loop {
        match lab.delete(tenant).await {
            Err(error) if error.status == Some(409) && wall_now() - started < DELETION_MAX => {
                lab.end_advance(tenant).await;
                pause(DELETED_AGAIN_AFTER).await;
            }
            deleted => return deleted,
        }
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
const INTERRUPTED: &str = "the run was interrupted";
/// How long a tenant exists that is not deleted, in wall time.
const LIFETIME: Span = Span::from_hours(6);
/// How long a tenant with an operation in progress is deleted again, in wall time.
const DELETION_MAX: Span = Span::from_seconds(5);
const DELETED_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Why the rest of a run was not executed.
const ENDED_EARLY: &str = "the run ended early because its output cannot be printed";

/// Returns the result of a scenario that could not start or has no result: a single failed step.
pub fn broken_scenario(file: &ReadScenarios, scenario: &Scenario, title: &str, why: &str) -> ScenarioResult {
    let position = file.position_of(&scenario.name);
    let step = StepResult {
        chapter: String::new(),
        title: title.to_owned(),
        verb: "scenario",
        status: Status::Error,
        at: None,
        wall_ms: 0,
        position,
        narration: Vec::new(),
        why: Vec::new(),
        checks: Vec::new(),
        error: Some(why.to_owned()),
        diagnostic: Some(file.at(position, why, REMEDY)),
    };
    ScenarioResult {
        name: scenario.name.value.clone(),
        about: scenario.about.clone(),
        status: Status::Error,
        tenant: None,
        began: None,
        wall_ms: 0,
        steps: vec![step],
        variant: None,
    }
}

/// Returns the result of a scenario that was not started, because another did not pass.
pub fn skipped_scenario(scenario: &Scenario) -> ScenarioResult {
    ScenarioResult {
        name: scenario.name.value.clone(),
        about: scenario.about.clone(),
        status: Status::Skipped,
        tenant: None,
        began: None,
        wall_ms: 0,
        steps: Vec::new(),
        variant: None,
    }
}
