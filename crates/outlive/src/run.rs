//! `outlive run`: runs scenario files and reports the results.

pub(crate) mod private;
mod report_paths;
mod reports;
mod selection;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::{Randomness, wall_now};
use outlive_lab::Diagnostic;
use outlive_lab::http::Http;
use outlive_lab::scenario::result::{FileResult, RunResult, ScenarioResult, Status};
use outlive_lab::scenario::run::{
    Interrupt, RunOptions, broken_scenario, panic_message, repetition_name, run_scenario, skipped_scenario,
    tenant_names,
};
use outlive_lab::scenario::{KnownSeeds, ReadScenarios, read_scenarios, report};
use outlive_lab::seed::Seed;
use outlive_wire::counted;
use tokio::sync::Semaphore;
use tokio::task::JoinError;

use self::private::{PrivateSystem, SystemOptions};
use self::reports::Reports;
use self::watch::{OutputMode, ProgressPrinter, ScenarioCounter};
use crate::annotations::Annotations;
use crate::cli::RunArgs;
use crate::lab_failure;
use crate::seed_check::rejected_by_directory;
use crate::terminal::{self, print, print_diagnostics, print_error};
use crate::up::Seeds;

/// A hook for tests: the step at which every scenario panics, counted from 1, or 0 for the task
/// that runs it.
const TEST_PANIC_AT_STEP: &str = "OUTLIVE_TEST_PANIC_AT_STEP";

/// Runs all files. Exit code 0 if everything passed, 1 if not, 2 if a report could not be written,
/// whatever the outcome.
pub(crate) async fn run(args: RunArgs, interrupt: Interrupt) -> Result<ExitCode, StartError> {
    let panic_at_step = panic_at_step()?;
    let seeds = Seeds::read(&args.seed)?;
    let annotations = Annotations::new(args.annotations, Reports::would_use_stdout(&args));
    annotations.print_mistakes_of_seed(seeds.file.as_deref());
    let Some(files) = read_all(&args, &seeds, annotations)? else {
        return Ok(ExitCode::from(crate::terminal::EXIT_COULD_NOT_START));
    };
    let selected = selection::select(&files, &args.selection)?;
    let reports = Reports::open(&args, seeds.file.as_deref())?;
    let random = seeds.number.map_or_else(Randomness::from_system, Randomness::from_seed).fork("runner");
    let private = match args.against.lab() {
        Some(_) => None,
        None => {
            let system = SystemOptions {
                rules: args.rules.as_deref(),
                database_url: args.database_url.as_deref(),
                keep: args.keep,
            };
            Some(PrivateSystem::start(system, &seeds).await?)
        }
    };
    let lab = match (args.against.lab(), &private) {
        (Some(url), _) => url.to_owned(),
        (None, Some(system)) => system.lab().to_owned(),
        (None, None) => String::new(),
    };
    let http = Http::new(HttpClient::new()?, Trace::begin(&random));
    let options = RunOptions {
        lab,
        http,
        rules: args.rules.clone(),
        keep: args.keep,
        random,
        tenant_name: None,
        panic_at_step,
        tenants: None,
        interrupt,
    };
    check_lab(&options).await?;
    // If nothing more can be printed, the run ends, unless its result goes to a file.
    let output = OutputMode {
        print: !reports.use_stdout(),
        parallel: args.jobs > 1,
        unconditional: reports.include_file(),
    };
    let order = Order { jobs: args.jobs.clamp(1, 64), repeat: args.repeat, fail_fast: args.fail_fast };
    let started = wall_now();
    let result = run_all(files, selected, options, order, output).await;
    let wall_ms = (wall_now() - started).as_millis();
    if let Some(system) = private {
        system.stop().await;
    }
    if !output.should_continue() {
        return Ok(terminal::exit_code_when_lost());
    }
    if output.print {
        print(&report::summary::report(&result, wall_ms));
    }
    let written = reports.write(&result, wall_ms);
    annotations.print_steps(&result);
    Ok(match (result.status, written) {
        (Status::Passed, true) => ExitCode::SUCCESS,
        (_, true) => ExitCode::FAILURE,
        (status, false) => {
            if status != Status::Passed {
                print_error(&not_passed_either(&result));
            }
            ExitCode::from(crate::terminal::EXIT_COULD_NOT_START)
        }
    })
}

/// Returns the note that scenarios did not pass, apart from the report that the exit code is about.
fn not_passed_either(result: &RunResult) -> String {
    let scenarios = || result.files.iter().flat_map(|file| &file.scenarios);
    let wrong =
        scenarios().filter(|scenario| matches!(scenario.status, Status::Failed | Status::Error)).count();
    format!("{wrong} of {} did not pass, either", counted(scenarios().count(), "scenario"))
}

/// Returns the step at which a test makes scenarios panic.
///
/// # Errors
/// A value that is not a number: a test that uses the hook would test nothing.
pub(crate) fn panic_at_step() -> Result<Option<usize>, StartError> {
    let Some(value) = std::env::var_os(TEST_PANIC_AT_STEP) else { return Ok(None) };
    let value = value.to_string_lossy();
    value.parse().ok().map(Some).ok_or_else(|| {
        StartError::new(
            format!("cannot use {TEST_PANIC_AT_STEP}"),
            format!("'{}' is not the number of a step", value.escape_debug()),
            "give a whole number of 0 or more, or remove the variable",
        )
    })
}

/// Reads all files. Reports every mistake, and returns `None` if there is one.
fn read_all(
    args: &RunArgs,
    seeds: &Seeds,
    annotations: Annotations,
) -> Result<Option<Vec<ReadScenarios>>, StartError> {
    let lab = crate::console::LabStart::new(seeds.file.as_deref(), args.rules.as_deref(), false)?;
    let seeds: Vec<Seed> = vec![lab.seed];
    let mut files = Vec::new();
    let mut valid = true;
    // A remote lab can have more seeds than the one given here.
    let complete = args.against.lab().is_none();
    let known = KnownSeeds { seeds: &seeds, complete, rejected: rejected_by_directory };
    for read in read_in_parallel(&args.files, args.jobs, known) {
        match read {
            Ok(read) => files.push(read),
            Err(diagnostics) => {
                valid = false;
                print_diagnostics(&diagnostics);
                annotations.print_mistakes(&diagnostics);
            }
        }
    }
    Ok(valid.then_some(files))
}

/// The stack of a thread that reads files, in bytes of address space: that of the main thread.
const READER_STACK: usize = 8 << 20;

/// Reads the files, as many at a time as scenarios are run, but not more than there are cores.
/// Returns them in their order.
fn read_in_parallel(
    files: &[PathBuf],
    jobs: usize,
    known: KnownSeeds<'_>,
) -> Vec<Result<ReadScenarios, Vec<Diagnostic>>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = jobs.min(cores).min(files.len());
    if threads < 2 {
        return files.iter().map(|path| read_scenarios(path, known)).collect();
    }
    let read_each = |first: usize| {
        let own = files.iter().skip(first).step_by(threads);
        own.map(|path| read_scenarios(path, known)).collect::<Vec<_>>()
    };
    let mut parts: Vec<_> = std::thread::scope(|scope| {
        let start = |first| {
            let thread = std::thread::Builder::new().stack_size(READER_STACK);
            (first, thread.spawn_scoped(scope, move || read_each(first)))
        };
        let started: Vec<_> = (0..threads).map(start).collect();
        let parts = started.into_iter().map(|(first, thread)| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The system has no more threads.
            Err(_) => read_each(first),
        });
        parts.map(Vec::into_iter).collect()
    });
    (0..files.len()).filter_map(|index| parts[index % threads].next()).collect()
}

pub(crate) async fn check_lab(options: &RunOptions) -> Result<(), StartError> {
    let lab = outlive_lab::scenario::run::LabClient::new(options.http.clone(), &options.lab);
    lab.tenants().await.map(drop).map_err(|error| lab_failure::unusable_lab(&options.lab, &error))
}

/// Records on drop that a scenario did not pass, also if its task panics.
struct FailedUnlessPassed<'a>(&'a AtomicBool);

impl Drop for FailedUnlessPassed<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// How scenarios follow each other.
#[derive(Clone, Copy)]
struct Order {
    /// The number that run in parallel.
    jobs: usize,
    /// How often each runs.
    repeat: u16,
    /// Whether none starts after one that did not pass.
    fail_fast: bool,
}

/// Runs the selected scenarios. A single one is printed step by step, parallel ones when they have
/// ended. Every scenario has a result, even if its task panicked.
async fn run_all(
    files: Vec<ReadScenarios>,
    selected: Vec<Vec<usize>>,
    options: RunOptions,
    order: Order,
    output: OutputMode,
) -> RunResult {
    let turns = Arc::new(Semaphore::new(order.jobs));
    let failed = Arc::new(AtomicBool::new(false));
    let all = selected.iter().map(Vec::len).sum::<usize>() * usize::from(order.repeat);
    let counter = (!output.is_live()).then(|| Arc::new(ScenarioCounter::start(all)));
    // Of all files and not only the selected scenarios, so that a part has the same results.
    let names = tenant_names(&files);
    let mut running = Vec::new();
    for ((file, names), indexes) in files.into_iter().zip(names).zip(selected) {
        let file = Arc::new(file);
        let mut scenarios = Vec::new();
        for index in indexes {
            for time in 1..=order.repeat {
                // Awaited here and not in the task, so that scenarios start in order.
                let turn = Arc::clone(&turns).acquire_owned().await;
                let (file, failed) = (Arc::clone(&file), Arc::clone(&failed));
                let tenant_name = names.get(index).map(|name| repetition_name(name, time));
                let options = RunOptions { tenant_name, ..options.clone() };
                let counter = counter.clone();
                let task = tokio::spawn(async move {
                    let _turn = turn;
                    if options.interrupt.is_set() || (order.fail_fast && failed.load(Ordering::Acquire)) {
                        return skipped_scenario(&file.file.scenarios.value[index]);
                    }
                    let unless_passed = FailedUnlessPassed(&failed);
                    let result = run_one(&file, index, &options, output).await;
                    counter.inspect(|counter| counter.scenario_ended());
                    if result.status == Status::Passed {
                        std::mem::forget(unless_passed);
                    }
                    result
                });
                scenarios.push((index, time, task));
            }
        }
        if !scenarios.is_empty() {
            running.push((file, scenarios));
        }
    }
    let mut results = Vec::new();
    for (file, tasks) in running {
        let mut scenarios = Vec::new();
        for (index, time, task) in tasks {
            let scenario = &file.file.scenarios.value[index];
            let mut result = task.await.unwrap_or_else(|error| {
                let result = broken_scenario(&file, scenario, "Run the scenario", &failure_of(error));
                if output.print {
                    print(&report::story::scenario(&result));
                }
                result
            });
            if order.repeat > 1 {
                result.name = format!("{} ({time} of {})", result.name, order.repeat);
            }
            scenarios.push(result);
        }
        let status = Status::of_all(scenarios.iter().map(|scenario| scenario.status));
        // With --fail-fast, it is no error that nothing of a file ran.
        let all_skipped = scenarios.iter().all(|scenario| scenario.status == Status::Skipped);
        let status = if all_skipped { Status::Skipped } else { status };
        results.push(FileResult { file: file.name.clone(), status, scenarios });
    }
    RunResult { status: Status::of_all(results.iter().map(|file| file.status)), files: results }
}

/// Returns why a task has no result.
fn failure_of(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => format!("the scenario {}", panic_message(panic.as_ref())),
        Err(error) => format!("the scenario did not end: {error}"),
    }
}

async fn run_one(
    file: &ReadScenarios,
    index: usize,
    options: &RunOptions,
    output: OutputMode,
) -> ScenarioResult {
    let scenario = &file.file.scenarios.value[index];
    let live = output.is_live();
    let result = run_scenario(file, scenario, options, &ProgressPrinter::new(output, live)).await;
    if live && result.tenant.is_some() {
        print(&report::story::ending(&result));
    } else if output.print {
        print(&report::story::scenario(&result));
    }
    result
}
