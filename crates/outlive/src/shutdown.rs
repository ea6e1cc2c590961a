//! Graceful shutdown, on Ctrl-C or SIGTERM.

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

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn stop_signal() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
