//! `outlive run`: scenario files are told, checked and reported.

pub(crate) mod private;
mod watch;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::Randomness;
use outlive_lab::http::Http;
use outlive_lab::scenario::result::{FileResult, RunResult, ScenarioResult, Status};
use outlive_lab::scenario::run::{RunOptions, Silent, run_scenario};
use outlive_lab::scenario::{ReadScenarios, read_scenarios, report};
use outlive_lab::seed::Seed;
use tokio::sync::Semaphore;

use self::private::{PrivateSystem, Wanted};
use self::watch::Storyteller;
use crate::cli::RunArgs;
use crate::terminal::{complain, tell};
use crate::up::Seeds;

/// Runs all files; exit 0 if everything passed, 1 if something did not.
pub(crate) async fn run(args: RunArgs) -> Result<ExitCode, StartError> {
    let seeds = Seeds::read(&args.seed)?;
    let Some(files) = read_all(&args, &seeds)? else {
        return Ok(ExitCode::from(crate::EXIT_COULD_NOT_START));
    };
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
    let options = RunOptions { lab, http, rules: args.rules.clone(), keep: args.keep, random };
    reachable(&options).await?;
    let story = args.json.as_deref() != Some(Path::new("-"));
    let result = play_all(files, options, args.jobs.clamp(1, 64), story).await;
    if let Some(system) = private {
        system.stop().await;
    }
    let mut written = true;
    for (path, text) in
        [(&args.json, report::json::report(&result)), (&args.junit, report::junit::report(&result))]
    {
        written &= path.as_deref().is_none_or(|path| write(path, &text));
    }
    let passed = result.status == Status::Passed && written;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All files, or nothing if one of them is wrong; every wrong one is told.
fn read_all(args: &RunArgs, seeds: &Seeds) -> Result<Option<Vec<ReadScenarios>>, StartError> {
    let lab = crate::console::LabStart::new(seeds.file.as_deref(), args.rules.as_deref(), false)?;
    let seeds: Vec<Seed> = vec![lab.seed];
    let mut files = Vec::new();
    let mut right = true;
    for path in &args.files {
        match read_scenarios(path, &seeds) {
            Ok(read) => files.push(read),
            Err(diagnostic) => {
                right = false;
                complain(&diagnostic);
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
async fn play_all(files: Vec<ReadScenarios>, options: RunOptions, jobs: usize, story: bool) -> RunResult {
    let turns = Arc::new(Semaphore::new(jobs));
    let mut playing = Vec::new();
    for file in files {
        let file = Arc::new(file);
        let mut scenarios = Vec::new();
        for index in 0..file.file.scenarios.len() {
            // Waited for here and not in the task: scenarios begin in the order in which they are written.
            let turn = Arc::clone(&turns).acquire_owned().await;
            let (file, options) = (Arc::clone(&file), options.clone());
            scenarios.push(tokio::spawn(async move {
                let _turn = turn;
                play(&file, index, &options, story, jobs > 1).await
            }));
        }
        playing.push((file.name.clone(), scenarios));
    }
    let mut results = Vec::new();
    for (file, scenarios) in playing {
        let mut told = Vec::new();
        for scenario in scenarios {
            match scenario.await {
                Ok(result) => told.push(result),
                Err(error) => complain(&format!("a scenario came to no end: {error}")),
            }
        }
        let status = Status::of_all(told.iter().map(|scenario| scenario.status));
        results.push(FileResult { file, status, scenarios: told });
    }
    RunResult { status: Status::of_all(results.iter().map(|file| file.status)), files: results }
}

async fn play(
    file: &ReadScenarios,
    index: usize,
    options: &RunOptions,
    story: bool,
    several: bool,
) -> ScenarioResult {
    let scenario = &file.file.scenarios[index];
    if !story || several {
        let result = run_scenario(file, scenario, options, &Silent).await;
        if story {
            tell(&report::story::scenario(&result));
        }
        return result;
    }
    let teller = Storyteller::new();
    let result = run_scenario(file, scenario, options, &teller).await;
    if result.tenant.is_none() {
        tell(&report::story::scenario(&result));
    } else {
        tell(&report::story::ending(&result));
    }
    result
}

/// Writes a report; `-` is standard output.
fn write(path: &Path, text: &str) -> bool {
    if path == Path::new("-") {
        tell(text);
        return true;
    }
    match std::fs::write(path, text) {
        Ok(()) => true,
        Err(error) => {
            complain(&format!("the report {} cannot be written: {error}", path.display()));
            false
        }
    }
}
