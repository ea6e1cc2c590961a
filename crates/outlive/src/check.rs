//! `outlive check`: whether files are right, without running them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use outlive_lab::Diagnostic;
use outlive_lab::scenario::read_scenarios;
use outlive_lab::seed::Seed;

use crate::terminal::{complain, say};

/// Checks every file and tells every first mistake.
pub(crate) fn check(files: &[PathBuf]) -> ExitCode {
    let mut wrong = 0;
    for file in files {
        match check_file(file) {
            Ok(what) => say(&format!("{}: {what}", file.display())),
            Err(diagnostic) => {
                wrong += 1;
                complain(&diagnostic);
            }
        }
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(crate::EXIT_COULD_NOT_START) }
}

fn check_file(path: &Path) -> Result<String, Diagnostic> {
    if looks_like_seed(path) {
        let seed = Seed::read(path)?.file;
        return Ok(format!(
            "a right seed: {} users, {} applications",
            seed.users.len(),
            seed.applications.len()
        ));
    }
    let read = read_scenarios(path, &[Seed::contoso()?])?;
    let chapters = read.file.scenarios.iter().flat_map(|scenario| &scenario.chapters);
    let steps: usize = chapters.map(|chapter| chapter.steps.len()).sum();
    Ok(format!("right: {} scenarios, {steps} steps", read.file.scenarios.len()))
}

/// A seed file names its seed at the beginning of a line; a scenario file lists scenarios. What cannot be read is told by
/// whoever reads it.
fn looks_like_seed(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let starts = |key: &str| text.lines().any(|line| line.starts_with(key));
    !starts("scenarios:") && (starts("seed:") || starts("tenant:"))
}
