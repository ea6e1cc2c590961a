//! `outlive check`: checks files without running them.

use std::path::Path;
use std::process::ExitCode;

use outlive_chassis::StartError;
use outlive_lab::scenario::{KnownSeeds, read_text};
use outlive_lab::seed::Seed;
use outlive_lab::style::{GOOD, styled};
use outlive_lab::{Diagnostic, FileKind, read_file};
use outlive_wire::counted;
use serde_json::{Value, json};

use crate::annotations::Annotations;
use crate::cli::CheckArgs;
use crate::console::{LabStart, accepted};
use crate::seed_check::rejected_by_directory;
use crate::terminal::{print_diagnostics, print_line};
use crate::up::Seeds;

/// Checks every file and reports all mistakes. Scenarios are checked against the seed of `run` with
/// the same `--seed`.
pub(crate) fn check(args: &CheckArgs) -> Result<ExitCode, StartError> {
    let CheckArgs { files, seed, annotations, format } = args;
    let annotations = Annotations::new(*annotations, format.is_json());
    let seeds = Seeds::read(seed)?;
    annotations.print_mistakes_of_seed(seeds.file.as_deref());
    let seeds = [LabStart::new(seeds.file.as_deref(), None, false)?.seed];
    let (mut wrong, mut results) = (false, Vec::new());
    for file in files {
        let checked =
            check_file(file, KnownSeeds { seeds: &seeds, complete: true, rejected: rejected_by_directory });
        if let Err(mistakes) = &checked {
            wrong = true;
            annotations.print_mistakes(mistakes);
        }
        match checked {
            checked if format.is_json() => results.push(as_json(file, &checked)),
            Ok(what) => print_line(&format!("{}: {}", file.display(), styled_content(&what))),
            Err(diagnostics) => print_diagnostics(&diagnostics),
        }
    }
    if format.is_json() {
        print_line(&serde_json::to_string_pretty(&json!({ "files": results })).unwrap_or_default());
    }
    Ok(if wrong { ExitCode::from(crate::terminal::EXIT_COULD_NOT_START) } else { ExitCode::SUCCESS })
}

/// Returns what a valid file contains, with a styled word.
fn styled_content(what: &str) -> String {
    what.replacen("valid", &styled(GOOD, "valid"), 1)
}

/// Returns the result of one file; positions are counted from 1, and 0 is the file as a whole.
fn as_json(file: &Path, checked: &Result<String, Vec<Diagnostic>>) -> Value {
    let mistakes = checked.as_ref().err().into_iter().flatten().map(|diagnostic| {
        let Diagnostic { file, position, message, remedy, .. } = diagnostic;
        json!({
            "file": file, "line": position.line, "column": position.column, "message": message, "remedy": remedy,
        })
    });
    let mistakes: Vec<Value> = mistakes.collect();
    json!({"file": file, "valid": checked.is_ok(), "content": checked.as_ref().ok(), "mistakes": mistakes})
}

fn check_file(path: &Path, seeds: KnownSeeds<'_>) -> Result<String, Vec<Diagnostic>> {
    // Once: a pipe has its text only once.
    let text = read_file(path)?;
    if FileKind::of(&text) == Some(FileKind::Seed) {
        let seed = accepted(Seed::read_text(path, &text)?)?.file;
        let users = counted(seed.users.len(), "user");
        let applications = counted(seed.applications.len(), "application");
        return Ok(format!("valid seed: {users}, {applications}"));
    }
    let read = read_text(&path.display().to_string(), text, seeds)?;
    let scenarios = &read.file.scenarios.value;
    let chapters = scenarios.iter().flat_map(|scenario| &scenario.chapters.value);
    let steps: usize = chapters.map(|chapter| chapter.steps.value.len()).sum();
    Ok(format!("valid: {}, {}", counted(scenarios.len(), "scenario"), counted(steps, "step")))
}
