//! Runs a command.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::program::command_of;
use crate::{Database, program};

/// The longest, in wall time, that a command may take.
const PATIENCE: Duration = Duration::from_secs(400);

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs `outlive` with these arguments and no configuration from the environment, until it ends.
///
/// # Panics
/// When it cannot be run, or does not end.
pub async fn outlive(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
    run_program(program(), arguments).await
}

/// As [`outlive`], with another build of it.
///
/// # Panics
/// As [`outlive`].
pub async fn run_program(program: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
    let mut command = Command::from(command_of(program));
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(PATIENCE, command.output())
        .await
        .unwrap_or_else(|_| panic!("{command:?} did not end within {PATIENCE:?}"))
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Starts `outlive` with these arguments and no configuration from the environment, with pipes to
/// and from it. Dropping it kills it.
///
/// # Panics
/// When it cannot be started.
pub fn outlive_with_pipes(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Child {
    let mut command = Command::from(crate::program::command());
    command.args(arguments).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs `outlive` with these arguments and environment, printing to `output`.
///
/// # Panics
/// As [`outlive`].
pub async fn outlive_printing_to(
    output: impl Into<Stdio>,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> Ended {
    let mut command = Command::from(crate::program::command());
    command.args(arguments).envs(environment.iter().copied()).stdin(Stdio::null());
    command.stdout(output).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // The command holds the write end of a pipe, which would keep it open here.
    drop(command);
    let output = timeout(PATIENCE, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("{arguments:?} did not end within {PATIENCE:?}"))
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs `outlive` on a temporary system with a new database of the kind under test.
///
/// # Panics
/// As [`outlive`], and when no database can be made.
pub async fn outlive_on_database(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Ended {
    let database = Database::from_environment();
    let mut all: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    if let Some(url) = database.url() {
        all.extend(["--database-url".into(), url.into()]);
    }
    outlive(all).await
}
