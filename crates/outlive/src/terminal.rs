//! Output to the terminal. Text may contain styles, which are removed if it is not a terminal, or
//! if colors are not wanted.
//!
//! Standard output can fail while a command runs: the reader closes the pipe, or the disk is full.
//! Nothing panics then. A closed pipe is ignored, any other failure is reported once on standard
//! error, and [`exit_code`] ensures that a result that could not be printed is not a success.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::OnceLock;

use anstream::{AutoStream, ColorChoice};
use outlive_chassis::StartError;
use outlive_lab::Diagnostic;

use crate::progress::above;

/// Exit code: cannot start, invalid file, or a result cannot be written.
pub(crate) const EXIT_COULD_NOT_START: u8 = 2;
/// Exit code: interrupted by Ctrl-C, as shells report it.
pub(crate) const EXIT_INTERRUPTED: u8 = 130;
/// The exit code after the reader closed the pipe: what shells report for SIGPIPE.
const EXIT_PIPE_CLOSED: u8 = 141;

/// Why standard output cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Its reader closed the pipe.
    Closed,
    /// It cannot be written, for example because the disk is full.
    Failed,
}

/// One per process, like standard output itself.
static LOST: OnceLock<Lost> = OnceLock::new();

/// Prints a line to standard output.
pub(crate) fn print_line(text: &str) {
    print(&format!("{text}\n"));
}

/// Prints text to standard output.
pub(crate) fn print(text: &str) {
    if is_lost() {
        return;
    }
    printed(above(|| {
        let mut output = AutoStream::auto(io::stdout().lock());
        output.write_all(text.as_bytes()).and_then(|()| output.flush())
    }));
}

/// Records the result of writing to standard output.
pub(crate) fn printed(result: io::Result<()>) {
    let Err(error) = result else { return };
    let lost = if error.kind() == ErrorKind::BrokenPipe { Lost::Closed } else { Lost::Failed };
    if LOST.set(lost).is_ok() && lost == Lost::Failed {
        print_error(&format!("cannot write to the standard output: {error}"));
    }
}

/// Whether nothing more can be printed.
pub(crate) fn is_lost() -> bool {
    LOST.get().is_some()
}

/// Whether the output could not be written, for another reason than a closed pipe.
pub(crate) fn has_failed() -> bool {
    LOST.get() == Some(&Lost::Failed)
}

/// Returns the exit code of a command that ended with `code`, which is not a success if the result
/// could not be printed.
pub(crate) fn exit_code(code: ExitCode) -> ExitCode {
    match LOST.get() {
        Some(lost) if code == ExitCode::SUCCESS => exit_code_of(*lost),
        _ => code,
    }
}

/// Returns the exit code of a command that ended early because nothing more could be printed.
pub(crate) fn exit_code_when_lost() -> ExitCode {
    exit_code_of(LOST.get().copied().unwrap_or(Lost::Failed))
}

fn exit_code_of(lost: Lost) -> ExitCode {
    ExitCode::from(match lost {
        Lost::Closed => EXIT_PIPE_CLOSED,
        Lost::Failed => EXIT_COULD_NOT_START,
    })
}

/// Prints in one sentence what failed, why, and what to do; a cause of several lines as it is.
pub(crate) fn print_start_error(error: &StartError) {
    let StartError { what, why, remedy } = error;
    if why.contains('\n') {
        print_error(error);
    } else {
        print_error(&format!("{what}: {}; {remedy}", why.trim_end_matches('.')));
    }
}

/// Prints an error to standard error. If that fails too, only the exit code reports the error.
pub(crate) fn print_error(error: &dyn Display) {
    print_to_stderr(&format!("outlive: {error}\n"));
}

/// Prints mistakes in files to standard error.
pub(crate) fn print_diagnostics(diagnostics: &[Diagnostic]) {
    diagnostics.iter().for_each(|diagnostic| print_error(&diagnostic.styled()));
}

/// Prints text to standard error.
pub(crate) fn print_to_stderr(text: &str) {
    let _ = above(|| AutoStream::auto(io::stderr().lock()).write_all(text.as_bytes()));
}

/// Whether standard error shows colors.
pub(crate) fn is_stderr_colored() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Sets when output has colors; by default, on a terminal that can show them.
pub(crate) fn set_colors(when: clap::ColorChoice) {
    let choice = match when {
        clap::ColorChoice::Auto => ColorChoice::Auto,
        clap::ColorChoice::Always => ColorChoice::Always,
        clap::ColorChoice::Never => ColorChoice::Never,
    };
    choice.write_global();
}
