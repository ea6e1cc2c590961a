//! `outlive twins`: compares a scenario with its variant, in two tenants that differ in one fact.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::{Instant, Randomness};
use outlive_lab::http::Http;
use outlive_lab::scenario::report::twins;
use outlive_lab::scenario::result::StepResult;
use outlive_lab::scenario::run::{Interrupt, Observer, RunOptions, TimeObserver, run_twins};
use outlive_lab::scenario::{KnownSeeds, ReadScenarios, Scenario, read_scenarios};
use outlive_wire::counted;

use crate::cli::TwinsArgs;
use crate::console::LabStart;
use crate::progress::Progress;
use crate::run::private::{PrivateSystem, SystemOptions};
use crate::run::{check_lab, panic_at_step};
use crate::seed_check::rejected_by_directory;
use crate::terminal::{self, print, print_diagnostics, print_error};
use crate::up::Seeds;

/// Runs all files. Exit code 0 if every variant has another outcome.
pub(crate) async fn twins(args: TwinsArgs, interrupt: Interrupt) -> Result<ExitCode, StartError> {
    let seeds = [LabStart::new(None, None, false)?.seed];
    let mut read = Vec::new();
    let mut valid = true;
    // A remote lab can have more seeds than the one given here.
    let complete = args.against.lab().is_none();
    let known = KnownSeeds { seeds: &seeds, complete, rejected: rejected_by_directory };
    for path in &args.files {
        match read_scenarios(path, known) {
            Ok(file) => read.push(file),
            Err(diagnostics) => {
                valid = false;
                print_diagnostics(&diagnostics);
            }
        }
    }
    if !valid {
        return Ok(ExitCode::from(crate::terminal::EXIT_COULD_NOT_START));
    }
    if !read.iter().any(|file| file.twin.is_some()) {
        print_error(&"no scenario is paired; add `twins: {fact: NAME, values: [ONE, OTHER]}` to one");
        return Ok(ExitCode::from(crate::terminal::EXIT_COULD_NOT_START));
    }
    let (lab, private) = match args.against.lab() {
        Some(lab) => (lab.to_owned(), None),
        None => {
            let options =
                SystemOptions { database_url: args.database_url.as_deref(), ..SystemOptions::default() };
            let system = PrivateSystem::start(options, &Seeds::default()).await?;
            (system.lab().to_owned(), Some(system))
        }
    };
    let random = Randomness::from_system().fork("twins");
    let http = Http::new(HttpClient::new()?, Trace::begin(&random));
    let options = RunOptions {
        lab,
        http,
        rules: None,
        keep: false,
        random,
        tenant_name: None,
        panic_at_step: panic_at_step()?,
        tenants: None,
        interrupt,
    };
    check_lab(&options).await?;
    let all_diverge = run_all(&read, &options).await;
    if let Some(system) = private {
        system.stop().await;
    }
    Ok(if all_diverge { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_all(read: &[ReadScenarios], options: &RunOptions) -> bool {
    let scenarios = read.iter().flat_map(|file| &file.file.scenarios.value);
    let pairs = scenarios.filter(|scenario| scenario.twins.is_some()).count();
    let (mut all_diverge, mut number) = (true, 0);
    for file in read {
        for scenario in &file.file.scenarios.value {
            if terminal::is_lost() || options.interrupt.is_set() {
                return all_diverge;
            }
            number += usize::from(scenario.twins.is_some());
            let words = format!("{} ({number} of {pairs})", scenario.name.value);
            let steps = StepCounter { progress: Progress::stage(&words), words, ended: AtomicUsize::new(0) };
            let result = run_twins(file, scenario, options, &steps).await;
            drop(steps);
            if let Some(result) = result.filter(|_| !options.interrupt.is_set()) {
                print(&twins::twins(&result));
                all_diverge &= result.diverges();
            }
        }
    }
    all_diverge
}

/// Shows how many steps of a scenario and its variant have ended.
struct StepCounter {
    progress: Progress,
    words: String,
    ended: AtomicUsize,
}

impl Observer for StepCounter {
    fn scenario_started(&self, _: &Scenario) {}

    fn step_finished(&self, _: &StepResult) {
        let ended = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
        self.progress.set_words(&format!("{}, {}", self.words, counted(ended, "step")));
    }
}

impl TimeObserver for StepCounter {
    fn time_moved(&self, _: Instant, _: Instant, _: Instant) {}
    fn time_stopped(&self) {}
}
