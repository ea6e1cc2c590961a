//! `outlive fmt`: writes files in their canonical form.

mod difference;
mod failure;
mod files;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use outlive_chassis::StartError;
use outlive_lab::canonical::{canonical, read_stream};
use outlive_lab::diagnostic::Diagnostic;

use self::failure::failure;
use self::files::Found;
use crate::replaced_file::{cause, replace_text};
use crate::terminal::{self, EXIT_COULD_NOT_START, print, print_diagnostics, print_line};

/// The name of the standard input on the command line.
const STDIN: &str = "-";
/// Its name in diagnostics and differences.
const STDIN_SHOWN: &str = "<stdin>";

/// The result for one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// It is canonical, or is now.
    Canonical,
    /// It is not canonical, and was to be checked only.
    Different,
    /// It is invalid, or cannot be read or written.
    Failed,
}

/// Formats or checks all files, and reports those that cannot be formatted.
pub(crate) fn fmt(given: &[PathBuf], check: bool) -> Result<ExitCode, StartError> {
    let worst = if given.iter().any(|path| path == Path::new(STDIN)) {
        if given.len() > 1 {
            return Err(StartError::new(
                "cannot format the standard input together with files",
                "- is given with others",
                "format them with two commands",
            ));
        }
        format_stdin(check)
    } else {
        format_files(given, check)
    };
    Ok(match worst {
        Outcome::Canonical => ExitCode::SUCCESS,
        Outcome::Different => ExitCode::FAILURE,
        Outcome::Failed => ExitCode::from(EXIT_COULD_NOT_START),
    })
}

fn format_stdin(check: bool) -> Outcome {
    let text = match read_stream(STDIN_SHOWN, std::io::stdin().lock()) {
        Ok(text) => text,
        Err(diagnostic) => return report(&[diagnostic]),
    };
    match canonical(STDIN_SHOWN, &text) {
        Err(mistakes) => report(&mistakes),
        Ok(formatted) if check => compare(STDIN_SHOWN, &text, &formatted),
        Ok(formatted) => {
            print(&formatted);
            Outcome::Canonical
        }
    }
}

fn format_files(given: &[PathBuf], check: bool) -> Outcome {
    let (files, mistakes) = files::find(given);
    let mut worst = if mistakes.is_empty() { Outcome::Canonical } else { report(&mistakes) };
    for file in files {
        // Nothing more can be printed; changes would still be made.
        if check && terminal::is_lost() {
            break;
        }
        worst = worst.max(format_file(&file, check));
    }
    worst
}

fn format_file(file: &Found, check: bool) -> Outcome {
    let name = file.path.display().to_string();
    let text = match &file.text {
        Ok(text) => text,
        Err(diagnostic) => return report(std::slice::from_ref(diagnostic)),
    };
    match canonical(&name, text) {
        Err(mistakes) => report(&mistakes),
        Ok(formatted) if check => compare(&name, text, &formatted),
        Ok(formatted) if formatted == *text => Outcome::Canonical,
        Ok(formatted) => match replace_text(&file.path, text, &formatted) {
            Ok(()) => {
                print_line(&name);
                Outcome::Canonical
            }
            Err(error) => report(&[failure(
                name,
                &format!("cannot be written: {}", cause(&error)),
                "check the permissions of the file and its folder, and try again",
            )]),
        },
    }
}

/// Prints the difference between a text and its canonical form, if there is one.
fn compare(name: &str, text: &str, formatted: &str) -> Outcome {
    if text == formatted {
        return Outcome::Canonical;
    }
    print(&difference::unified(name, text, formatted, difference::is_colored()));
    Outcome::Different
}

fn report(mistakes: &[Diagnostic]) -> Outcome {
    print_diagnostics(mistakes);
    Outcome::Failed
}
