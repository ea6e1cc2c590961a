//! What the person at the terminal reads.
//!
//! Standard output can be lost while a command runs: its reader closes the pipe, or the disk behind it is full. Nothing panics
//! then. A closed pipe is quiet, anything else is reported once on standard error, and [`exit_code`] sees to it that a result
//! which could not be printed is not a success.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::OnceLock;

/// The exit code of a command whose reader closed the pipe: what shells report for a program that SIGPIPE ended.
const EXIT_PIPE_CLOSED: u8 = 141;

/// Why standard output cannot be written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Its reader closed the pipe.
    Closed,
    /// It cannot be written, for example because the disk is full.
    Failed,
}

/// One per process, as standard output is.
static LOST: OnceLock<Lost> = OnceLock::new();

/// Prints a line of what a command answers.
pub(crate) fn say(text: &str) {
    tell(&format!("{text}\n"));
}

/// Prints a part of an answer that ends its own lines.
pub(crate) fn tell(text: &str) {
    if is_lost() {
        return;
    }
    let mut output = io::stdout().lock();
    printed(output.write_all(text.as_bytes()).and_then(|()| output.flush()));
}

/// Records what came of writing to standard output.
pub(crate) fn printed(result: io::Result<()>) {
    let Err(error) = result else { return };
    let lost = if error.kind() == ErrorKind::BrokenPipe { Lost::Closed } else { Lost::Failed };
    if LOST.set(lost).is_ok() && lost == Lost::Failed {
        complain(&format!("cannot write to the standard output: {error}"));
    }
}

/// Whether nothing more can be printed.
pub(crate) fn is_lost() -> bool {
    LOST.get().is_some()
}

/// The exit code of a command that ended with `code`: a success whose result could not be printed is none.
pub(crate) fn exit_code(code: ExitCode) -> ExitCode {
    match LOST.get() {
        Some(lost) if code == ExitCode::SUCCESS => exit_code_of(*lost),
        _ => code,
    }
}

/// The exit code of a command that ended early because nothing more could be printed.
pub(crate) fn exit_code_when_lost() -> ExitCode {
    exit_code_of(LOST.get().copied().unwrap_or(Lost::Failed))
}

fn exit_code_of(lost: Lost) -> ExitCode {
    ExitCode::from(match lost {
        Lost::Closed => EXIT_PIPE_CLOSED,
        Lost::Failed => crate::EXIT_COULD_NOT_START,
    })
}

/// Prints to standard error what went wrong. Where that cannot be written either, the exit code has to do.
pub(crate) fn complain(error: &dyn Display) {
    let _ = writeln!(io::stderr().lock(), "outlive: {error}");
}
