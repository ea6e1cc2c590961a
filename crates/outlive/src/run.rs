//! `outlive run`: scenario files are told, checked and reported.

pub(crate) mod private;
mod reports;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::Randomness;
use outlive_lab::http::Http;
use outlive_lab::scenario::result::{FileResult, RunResult, ScenarioResult, Status};
use outlive_lab::scenario::run::{RunOptions, broken_scenario, panic_message, run_scenario};
use outlive_lab::scenario::{KnownSeeds, ReadScenarios, read_scenarios, report};
use outlive_lab::seed::Seed;
use tokio::sync::Semaphore;
use tokio::task::JoinError;

use self::private::{PrivateSystem, Wanted};
use self::reports::Reports;
use self::watch::Storyteller;
use crate::cli::RunArgs;
use crate::terminal::{self, complain, tell};
use crate::up::Seeds;

/// A hook for tests, not for users: the step (counted from 1) at which every scenario panics, or 0 for the task that plays it.
const TEST_PANIC_AT_STEP: &str = "OUTLIVE_TEST_PANIC_AT_STEP";

/// Runs all files; exit 0 if everything passed, 1 if something did not, 2 if the result could not be written.
pub(crate) async fn run(args: RunArgs) -> Result<ExitCode, StartError> {
    let panic_at_step = panic_at_step()?;
    let seeds = Seeds::read(&args.seed)?;
    let Some(files) = read_all(&args, &seeds)? else {
        return Ok(ExitCode::from(crate::EXIT_COULD_NOT_START));
    };
    let reports = Reports::open(&args)?;
    let random = seeds.number.map_or_else(Randomness::from_system, Randomness::from_seed).fork("runner");
    let private = match &args.against {
        Some(_) => None,
        None => {
            let wanted = Wanted {
                rules: args.rules.as_deref(),
                database_url: args.database_url.as_deref(),
                keep: args.keep,
            };
            Some(PrivateSystem::start(wanted, &seeds).await?)
        }
    };
    let lab = match (&args.against, &private) {
        (Some(url), _) => url.clone(),
        (None, Some(system)) => system.lab().to_owned(),
        (None, None) => String::new(),
    };
    let http = Http::new(HttpClient::new()?, Trace::begin(&random));
    let options = RunOptions { lab, http, rules: args.rules.clone(), keep: args.keep, random, panic_at_step };
    reachable(&options).await?;
    // A story that nobody can read any more is not told to its end, unless its result goes to a file.
    let telling =
        Telling { story: !reports.take_output(), several: args.jobs > 1, to_the_end: reports.any_file() };
    let result = play_all(files, options, args.jobs.clamp(1, 64), telling).await;
    if let Some(system) = private {
        system.stop().await;
    }
    if !telling.should_continue() {
        return Ok(terminal::exit_code_when_lost());
    }
    let written = reports.write(&result);
    Ok(match (result.status, written) {
        (Status::Passed, true) => ExitCode::SUCCESS,
        (Status::Passed, false) => ExitCode::from(crate::EXIT_COULD_NOT_START),
        _ => ExitCode::FAILURE,
    })
}

/// How the story of a run is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    /// Whether it is printed.
    story: bool,
    /// Whether several scenarios are played at once, so that each is told whole at its end.
    several: bool,
    /// Whether scenarios are played although nothing can be printed any more.
    to_the_end: bool,
}

impl Telling {
    pub(super) fn should_continue(self) -> bool {
        self.to_the_end || !terminal::is_lost()
    }
}

/// The step at which a test wants scenarios to panic.
///
/// # Errors
/// A value that is not a number: a test that uses the hook would test nothing.
pub(crate) fn panic_at_step() -> Result<Option<usize>, StartError> {
    let Some(value) = std::env::var_os(TEST_PANIC_AT_STEP) else { return Ok(None) };
    let value = value.to_string_lossy();
    value.parse().map(Some).map_err(|_| {
        StartError::new(
            format!("cannot use {TEST_PANIC_AT_STEP}"),
            format!("'{}' is not the number of a step", value.escape_debug()),
            "give a whole number of 0 or more, or remove the variable",
        )
    })
}

/// All files, or nothing if one of them is wrong; every mistake is reported.
fn read_all(args: &RunArgs, seeds: &Seeds) -> Result<Option<Vec<ReadScenarios>>, StartError> {
    let lab = crate::console::LabStart::new(seeds.file.as_deref(), args.rules.as_deref(), false)?;
    let seeds: Vec<Seed> = vec![lab.seed];
    let mut files = Vec::new();
    let mut right = true;
    for path in &args.files {
        // A lab that runs elsewhere can have more seeds than the one given here.
        match read_scenarios(path, KnownSeeds { seeds: &seeds, complete: args.against.is_none() }) {
            Ok(read) => files.push(read),
            Err(diagnostics) => {
                right = false;
                diagnostics.iter().for_each(|diagnostic| complain(diagnostic));
            }
        }
    }
    Ok(right.then_some(files))
}

pub(crate) async fn reachable(options: &RunOptions) -> Result<(), StartError> {
    let lab = outlive_lab::scenario::run::LabClient::new(options.http.clone(), &options.lab);
    lab.tenants().await.map(drop).map_err(|error| {
        StartError::new(
            format!("cannot use the lab at {}", options.lab),
            error,
            "start a system with `outlive up` and give --against the address it printed, or leave --against out",
        )
    })
}

/// Plays every scenario, `jobs` at a time. One at a time is told while it happens; several are told whole, each at its end.
/// Every scenario of every file has a result, whatever became of the task that played it.
async fn play_all(
    files: Vec<ReadScenarios>,
    options: RunOptions,
    jobs: usize,
    telling: Telling,
) -> RunResult {
    let turns = Arc::new(Semaphore::new(jobs));
    let mut playing = Vec::new();
    for file in files {
        let file = Arc::new(file);
        let mut scenarios = Vec::new();
        for index in 0..file.file.scenarios.value.len() {
            // Waited for here and not in the task: scenarios begin in the order in which they are written.
            let turn = Arc::clone(&turns).acquire_owned().await;
            let (file, options) = (Arc::clone(&file), options.clone());
            scenarios.push(tokio::spawn(async move {
                let _turn = turn;
                play(&file, index, &options, telling).await
            }));
        }
        playing.push((file, scenarios));
    }
    let mut results = Vec::new();
    for (file, tasks) in playing {
        let mut scenarios = Vec::new();
        for (task, scenario) in tasks.into_iter().zip(&file.file.scenarios.value) {
            let result = task.await.unwrap_or_else(|error| {
                let result = broken_scenario(&file, scenario, "The scenario is played", &why_it_ended(error));
                if telling.story {
                    tell(&report::story::scenario(&result));
                }
                result
            });
            scenarios.push(result);
        }
        let status = Status::of_all(scenarios.iter().map(|scenario| scenario.status));
        results.push(FileResult { file: file.name.clone(), status, scenarios });
    }
    RunResult { status: Status::of_all(results.iter().map(|file| file.status)), files: results }
}

/// Why a task has no result.
fn why_it_ended(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => format!("the scenario {}", panic_message(panic.as_ref())),
        Err(error) => format!("the scenario did not end: {error}"),
    }
}

async fn play(file: &ReadScenarios, index: usize, options: &RunOptions, telling: Telling) -> ScenarioResult {
    let scenario = &file.file.scenarios.value[index];
    let live = telling.story && !telling.several;
    let result = run_scenario(file, scenario, options, &Storyteller::new(telling, live)).await;
    if live && result.tenant.is_some() {
        tell(&report::story::ending(&result));
    } else if telling.story {
        tell(&report::story::scenario(&result));
    }
    result
}
