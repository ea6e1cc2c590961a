//! `outlive twins`: one story in two tenants that differ in one fact.

use std::process::ExitCode;

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::Randomness;
use outlive_lab::http::Http;
use outlive_lab::scenario::report::twins;
use outlive_lab::scenario::run::{RunOptions, run_twins};
use outlive_lab::scenario::{KnownSeeds, ReadScenarios, read_scenarios};

use crate::cli::TwinsArgs;
use crate::console::LabStart;
use crate::run::private::{PrivateSystem, Wanted};
use crate::run::{panic_at_step, reachable};
use crate::terminal::{self, complain, tell};
use crate::up::Seeds;

/// Plays all files; exit 0 if all twins part.
pub(crate) async fn twins(args: TwinsArgs) -> Result<ExitCode, StartError> {
    let seeds = [LabStart::new(None, None, false)?.seed];
    let mut read = Vec::new();
    let mut right = true;
    for path in &args.files {
        match read_scenarios(path, KnownSeeds { seeds: &seeds, complete: args.against.is_none() }) {
            Ok(file) => read.push(file),
            Err(diagnostics) => {
                right = false;
                diagnostics.iter().for_each(|diagnostic| complain(diagnostic));
            }
        }
    }
    if !right {
        return Ok(ExitCode::from(crate::EXIT_COULD_NOT_START));
    }
    if !read.iter().any(|file| file.twin.is_some()) {
        complain(&"no story there has a twin; write `twins: {fact: NAME, values: [ONE, OTHER]}` into one");
        return Ok(ExitCode::from(crate::EXIT_COULD_NOT_START));
    }
    let (lab, private) = match args.against {
        Some(lab) => (lab, None),
        None => {
            let wanted = Wanted { database_url: args.database_url.as_deref(), ..Wanted::default() };
            let system = PrivateSystem::start(wanted, &Seeds::default()).await?;
            (system.lab().to_owned(), Some(system))
        }
    };
    let random = Randomness::from_system().fork("twins");
    let http = Http::new(HttpClient::new()?, Trace::begin(&random));
    let options = RunOptions { lab, http, rules: None, keep: false, random, panic_at_step: panic_at_step()? };
    reachable(&options).await?;
    let all_part = play(&read, &options).await;
    if let Some(system) = private {
        system.stop().await;
    }
    Ok(if all_part { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn play(read: &[ReadScenarios], options: &RunOptions) -> bool {
    let mut all_part = true;
    for file in read {
        for scenario in &file.file.scenarios.value {
            if terminal::is_lost() {
                return all_part;
            }
            if let Some(result) = run_twins(file, scenario, options).await {
                tell(&twins::twins(&result));
                all_part &= result.diverges();
            }
        }
    }
    all_part
}
