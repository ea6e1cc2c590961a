//! `outlive check`: checks files without running them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use outlive_chassis::StartError;
use outlive_lab::Diagnostic;
use outlive_lab::scenario::{KnownSeeds, read_scenarios};
use outlive_lab::yaml::top_names;

use crate::console::{LabStart, read_seed};
use crate::terminal::{print_error, print_line};
use crate::up::Seeds;

/// Checks every file and reports all mistakes. Scenarios are checked against the seed of `run` with
/// the same `--seed`.
pub(crate) fn check(files: &[PathBuf], seed: &[String]) -> Result<ExitCode, StartError> {
    let seeds = Seeds::read(seed)?;
    let seeds = [LabStart::new(seeds.file.as_deref(), None, false)?.seed];
    let mut wrong = false;
    for file in files {
        match check_file(file, KnownSeeds { seeds: &seeds, complete: true }) {
            Ok(what) => print_line(&format!("{}: {what}", file.display())),
            Err(diagnostics) => {
                wrong = true;
                diagnostics.iter().for_each(|diagnostic| print_error(diagnostic));
            }
        }
    }
    Ok(if wrong { ExitCode::from(crate::terminal::EXIT_COULD_NOT_START) } else { ExitCode::SUCCESS })
}

fn check_file(path: &Path, seeds: KnownSeeds<'_>) -> Result<String, Vec<Diagnostic>> {
    if looks_like_seed(path) {
        let seed = read_seed(Some(path))?.file;
        return Ok(format!(
            "valid seed: {} users, {} applications",
            seed.users.len(),
            seed.applications.len()
        ));
    }
    let read = read_scenarios(path, seeds)?;
    let scenarios = &read.file.scenarios.value;
    let chapters = scenarios.iter().flat_map(|scenario| &scenario.chapters.value);
    let steps: usize = chapters.map(|chapter| chapter.steps.value.len()).sum();
    Ok(format!("valid: {} scenarios, {steps} steps", scenarios.len()))
}

/// Whether a file is a seed: it has a key that only seed files have, and no `scenarios`.
fn looks_like_seed(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let starts = |key: &str| text.lines().any(|line| line.starts_with(&format!("{key}:")));
    let names = top_names(&text);
    let has = |key: &str| names.as_ref().map_or_else(|| starts(key), |names| names.iter().any(|n| n == key));
    !has("scenarios") && ["seed", "tenant", "users", "applications"].into_iter().any(has)
}
