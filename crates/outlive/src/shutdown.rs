//! Graceful shutdown, on Ctrl-C or SIGTERM, or when the standard input ends.

use std::io;

use outlive_chassis::StartError;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, ctrl_c};
use tokio::sync::watch;

/// Signals a shutdown to all its clones.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

/// Triggers a shutdown.
#[derive(Debug)]
pub(crate) struct ShutdownSwitch(watch::Sender<bool>);

/// Creates a switch and the signal that it triggers.
pub(crate) fn shutdown() -> (ShutdownSwitch, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (ShutdownSwitch(sender), Shutdown(receiver))
}

impl ShutdownSwitch {
    /// Triggers the shutdown.
    pub(crate) fn stop(&self) {
        let _ = self.0.send(true);
    }
}

impl Shutdown {
    /// Waits for the shutdown, or until the switch is dropped.
    pub(crate) async fn wait(mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Ctrl-C and SIGTERM, from its creation on: a signal between two calls of
/// [`StopSignal::wait`] is not lost.
#[derive(Debug)]
pub(crate) struct StopSignal {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(windows)]
    interrupt: CtrlC,
    /// The end of the standard input, if that is a signal to stop too.
    end_of_input: Option<Shutdown>,
}

impl StopSignal {
    /// Begins to listen, instead of being ended by the signals.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn listen() -> Result<Self, StartError> {
        Self::open()
            .map_err(|error| StartError::new("cannot listen for signals to stop", error, "start it again"))
    }

    #[cfg(unix)]
    fn open() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            end_of_input: None,
        })
    }

    #[cfg(windows)]
    fn open() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()?, end_of_input: None })
    }

    /// Also stops when the standard input ends, as it does when the program at the other end of the
    /// pipe is killed.
    ///
    /// # Errors
    /// The system does not start a thread.
    pub(crate) fn or_end_of_input(mut self) -> Result<Self, StartError> {
        let (switch, ended) = shutdown();
        // Not a task of the runtime, which would wait for the read when it ends.
        let reading = std::thread::Builder::new().name("input".to_owned()).spawn(move || {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            switch.stop();
        });
        reading.map_err(|error| {
            StartError::new("cannot wait for the end of the standard input", error, "start it again")
        })?;
        self.end_of_input = Some(ended);
        Ok(self)
    }

    /// Waits for the next signal, or for one that arrived since the last wait.
    pub(crate) async fn wait(&mut self) {
        let end_of_input = self.end_of_input.clone();
        let end_of_input = async {
            match end_of_input {
                Some(ended) => ended.wait().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.wait_for_signal() => {}
            () = end_of_input => {}
        }
    }

    async fn wait_for_signal(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn a_signal_between_two_waits_is_not_lost() {
        let mut stop = StopSignal::listen().unwrap();
        tokio::select! {
            biased;
            () = stop.wait() => panic!("there is no signal yet"),
            () = std::future::ready(()) => {}
        }
        let id = std::process::id().to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        stop.wait().await;
    }
}
