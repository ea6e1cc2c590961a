//! Runs a command on a pseudo-terminal.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::process::Command;
use tokio::time::timeout;

/// The longest, in wall time, that a command may take.
const PATIENCE: Duration = Duration::from_secs(400);
/// The size of the terminal, in characters.
const SIZE: Winsize = Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };

/// Where a command prints its results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Results {
    /// To the terminal, like its errors.
    ToTerminal,
    /// To a pipe; its errors to the terminal.
    ToPipe,
}

/// What a command on a terminal printed.
#[derive(Debug)]
pub struct OnTerminal {
    /// Its exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What the terminal received, escape sequences included.
    pub shown: String,
    /// What the pipe received.
    pub piped: String,
}

/// Runs `outlive` on a terminal that shows colors, with these arguments and environment.
///
/// # Panics
/// When there is no pseudo-terminal, or the command cannot be run or does not end.
pub async fn outlive_on_terminal(
    results: Results,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> OnTerminal {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are pseudo-terminals");
    grantpt(&controller).expect("it is ours");
    unlockpt(&controller).expect("it is ours");
    let name = ptsname(&controller, Vec::new()).expect("it has a name");
    let terminal = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it can be opened");
    tcsetwinsize(&terminal, SIZE).expect("it has a size");
    let terminal = File::from(terminal);
    let end = || Stdio::from(terminal.try_clone().expect("descriptors can be copied"));
    let mut command = Command::from(crate::program::command());
    command.args(arguments).env("TERM", "xterm-256color").envs(environment.iter().copied());
    let output = if results == Results::ToPipe { Stdio::piped() } else { end() };
    command.stdin(Stdio::null()).stdout(output).stderr(end()).kill_on_drop(true);
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // They hold the terminal, which would stay open here.
    drop((command, terminal));
    let shown = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        // Linux reports an error when the last program has closed the terminal.
        let _ = File::from(controller).read_to_end(&mut bytes);
        bytes
    });
    let output = timeout(PATIENCE, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("{arguments:?} did not end within {PATIENCE:?}"))
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
    let shown = shown.await.expect("it does not panic");
    OnTerminal {
        code: output.status.code(),
        shown: String::from_utf8_lossy(&shown).into_owned(),
        piped: String::from_utf8_lossy(&output.stdout).into_owned(),
    }
}
