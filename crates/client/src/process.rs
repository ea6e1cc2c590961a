//! A system that this process started, and that ends with it.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::Error;

/// The longest, in wall time, that a start may take.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// The longest, in wall time, that a stop may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// How many lines of the log are kept.
const LINES_MAX: usize = 200;

/// What the program prints when it is ready.
#[derive(Debug, Deserialize)]
pub(crate) struct Ready {
    pub(crate) urls: ReadyUrls,
    pub(crate) ca: Option<PathBuf>,
}

/// Its addresses.
#[derive(Debug, Deserialize)]
pub(crate) struct ReadyUrls {
    pub(crate) console: String,
}

/// The last lines that the program printed to standard error.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<VecDeque<String>>>);

impl Log {
    fn collect(&self, output: impl Read) {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }

    pub(crate) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// A running system. It stops when its standard input is closed: when this value is dropped, or
/// when this process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Process {
    input: Option<ChildStdin>,
    ended: Option<oneshot::Receiver<bool>>,
    pub(crate) log: Log,
}

impl Process {
    /// Starts the program with temporary data and free ports, and waits until it is ready.
    pub(crate) async fn start(program: &Path, arguments: &[String]) -> Result<(Self, Ready), Error> {
        let log = Log::default();
        let failed =
            |why: String| Error::NotStarted { program: program.display().to_string(), why, log: log.text() };
        let mut child = command(program, arguments).spawn().map_err(|error| failed(error.to_string()))?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (report, ready) = oneshot::channel();
        let (report_end, ended) = oneshot::channel();
        let collected = log.clone();
        // Threads and not tasks: the system may serve tests with runtimes of their own.
        let errors = thread::spawn(move || errors.into_iter().for_each(|errors| collected.collect(errors)));
        thread::spawn(move || watch(child, output, report, errors, report_end));
        let process = Self { input, ended: Some(ended), log: log.clone() };
        let line = match timeout(START_TIMEOUT, ready).await {
            Ok(Ok(line)) if !line.is_empty() => line,
            Ok(_) => return Err(failed("it ended".to_owned())),
            Err(_) => return Err(failed(format!("it was not ready within {START_TIMEOUT:?}"))),
        };
        let ready = serde_json::from_str(&line);
        let ready = ready.map_err(|error| failed(format!("its first line is not understood ({error})")))?;
        Ok((process, ready))
    }

    /// Stops the system, and waits until it has ended.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        drop(self.input.take());
        let Some(ended) = self.ended.take() else { return Ok(()) };
        match timeout(STOP_TIMEOUT, ended).await {
            Ok(Ok(true)) => Ok(()),
            _ => Err(Error::NotStopped { log: self.log.text() }),
        }
    }
}

fn command(program: &Path, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    // Its configuration is that of the tests, and not that of a system that runs beside them.
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_string_lossy().starts_with("OUTLIVE_")) {
        if name != "OUTLIVE_LOG" {
            command.env_remove(name);
        }
    }
    command.args(["up", "--temporary", "--port-base", "0", "--format", "json", "--stop-at-eof"]);
    command.args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Reads the first line of the program, then waits for its end.
fn watch(
    mut child: Child,
    output: Option<impl Read>,
    report: oneshot::Sender<String>,
    errors: thread::JoinHandle<()>,
    report_end: oneshot::Sender<bool>,
) {
    let mut output = output.map(BufReader::new);
    let mut line = String::new();
    let _ = output.as_mut().map(|output| output.read_line(&mut line));
    if line.is_empty() {
        // It ended: why is in its log.
        let _ = errors.join();
    }
    let _ = report.send(line);
    let _ = report_end.send(child.wait().is_ok_and(|status| status.success()));
}
