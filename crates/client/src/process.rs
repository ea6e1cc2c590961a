//! A system that this process started, and that ends with it.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
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
/// How long, in wall time, a program that failed to start may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// How long, in wall time, until it is seen that the program ended.
const POLL: Duration = Duration::from_millis(20);
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
        let mut output = BufReader::new(output);
        while let Some(line) = next_line(&mut output) {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(line.trim_end().to_owned());
        }
    }

    pub(crate) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Reads a line, whatever its bytes are; `None` at the end.
fn next_line(output: &mut BufReader<impl Read>) -> Option<String> {
    let mut line = Vec::new();
    let count = output.read_until(b'\n', &mut line).unwrap_or_default();
    (count > 0).then(|| String::from_utf8_lossy(&line).into_owned())
}

/// A running system. It stops when its standard input is closed: when this value is dropped, or
/// when this process ends, however it ends. One that does not is killed.
#[derive(Debug)]
pub(crate) struct Process {
    input: Option<ChildStdin>,
    kill: mpsc::Sender<()>,
    ended: oneshot::Receiver<bool>,
    pub(crate) log: Log,
}

impl Process {
    /// Starts the program with temporary data and free ports, and waits until it is ready.
    pub(crate) async fn start(program: &Path, arguments: &[String]) -> Result<(Self, Ready), Error> {
        Self::start_within(START_TIMEOUT, program, arguments).await
    }

    async fn start_within(
        limit: Duration,
        program: &Path,
        arguments: &[String],
    ) -> Result<(Self, Ready), Error> {
        let log = Log::default();
        let failed =
            |why: String| Error::NotStarted { program: program.display().to_string(), why, log: log.text() };
        let mut child = command(program, arguments).spawn().map_err(|error| failed(error.to_string()))?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (report, ready) = oneshot::channel();
        let (report_end, ended) = oneshot::channel();
        let (kill, killed) = mpsc::channel();
        let collected = log.clone();
        // Threads and not tasks: the system may serve tests with runtimes of their own.
        let errors = thread::spawn(move || errors.into_iter().for_each(|errors| collected.collect(errors)));
        if let Some(output) = output {
            thread::spawn(move || read(output, report, errors));
        }
        thread::spawn(move || report_end.send(wait(child, &killed)));
        let process = Self { input, kill, ended, log: log.clone() };
        let ready = match timeout(limit, ready).await {
            Ok(Ok(line)) if !line.is_empty() => serde_json::from_str(&line)
                .map_err(|error| format!("its first line is not understood ({error})")),
            Ok(_) => Err("it ended".to_owned()),
            Err(_) => Err(format!("it was not ready within {limit:?}")),
        };
        match ready {
            Ok(ready) => Ok((process, ready)),
            Err(why) => {
                process.end(GRACE).await;
                Err(failed(why))
            }
        }
    }

    /// Stops the system, and waits until it has ended.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        let log = self.log.clone();
        if self.end(STOP_TIMEOUT).await { Ok(()) } else { Err(Error::NotStopped { log: log.text() }) }
    }

    /// Ends the program, and kills it after `grace`. Returns whether it ended in order.
    async fn end(mut self, grace: Duration) -> bool {
        drop(self.input.take());
        if let Ok(ended) = timeout(grace, &mut self.ended).await {
            return ended.unwrap_or(false);
        }
        let _ = self.kill.send(());
        let _ = timeout(GRACE, &mut self.ended).await;
        false
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

/// Reports the first line of the program, and reads on so that it can print more.
fn read(output: impl Read, report: oneshot::Sender<String>, errors: thread::JoinHandle<()>) {
    let mut output = BufReader::new(output);
    let line = next_line(&mut output).unwrap_or_default();
    if line.is_empty() {
        // It ended: why is in its log.
        let _ = errors.join();
    }
    let _ = report.send(line);
    let _ = io::copy(&mut output, &mut io::sink());
}

/// Waits for the end of the program, which is killed on request, and if it does not end after the
/// value that stands for it was dropped. Returns whether it ended in order.
fn wait(mut child: Child, kill: &mpsc::Receiver<()>) -> bool {
    let (_open, pause) = mpsc::channel::<()>();
    let mut left = STOP_TIMEOUT;
    loop {
        match child.try_wait() {
            Ok(None) => {}
            ended => return ended.is_ok_and(|status| status.is_some_and(|status| status.success())),
        }
        match kill.recv_timeout(POLL) {
            Err(mpsc::RecvTimeoutError::Timeout) => continue,
            Err(mpsc::RecvTimeoutError::Disconnected) if !left.is_zero() => {
                left = left.saturating_sub(POLL);
            }
            _ => drop(child.kill()),
        }
        let _ = pause.recv_timeout(POLL);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_program_that_hangs_is_killed_and_all_that_it_prints_is_read() {
        let home = tempfile::tempdir().unwrap();
        // All are written before one is started: a file that is open cannot be run.
        let script = |name: &str, commands: &str| {
            let (path, pid) = (home.path().join(name), home.path().join(format!("{name}.pid")));
            let text = format!("#!/bin/sh\necho $$ > '{}'\n{commands}\n", pid.display());
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
            (path, pid)
        };
        let ready = r#"echo '{"urls": {"console": "http://127.0.0.1:1"}}'"#;
        let silent = script("silent", "exec sleep 1000");
        let wrong = script("wrong", "echo hello; exec sleep 1000");
        let hung = script("hung", &format!("{ready}; exec sleep 1000"));
        let loud = script(
            "loud",
            &format!(
                "{ready}; head -c 300000 /dev/zero; printf 'a\\377\\nlast\\n' >&2; read -r line; exit 0"
            ),
        );
        let is_running = |pid: &Path| {
            let pid = std::fs::read_to_string(pid).unwrap();
            let mut kill = Command::new("kill");
            kill.args(["-0", pid.trim()]).stderr(Stdio::null()).status().unwrap().success()
        };
        let limit = Duration::from_secs(1);
        for ((path, pid), why) in [(silent, "not ready within 1s"), (wrong, "its first line")] {
            let error = Process::start_within(limit, &path, &[]).await.unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            assert!(!is_running(&pid), "{why}");
        }
        let (process, _) = Process::start(&hung.0, &[]).await.unwrap();
        assert!(is_running(&hung.1));
        assert!(!process.end(Duration::from_millis(100)).await);
        assert!(!is_running(&hung.1));
        let (process, _) = Process::start(&loud.0, &[]).await.unwrap();
        let log = process.log.clone();
        process.stop().await.unwrap();
        assert_eq!(log.text(), "a\u{fffd}\nlast\n");
    }
}
