//! The end of a run that is interrupted, for example by Ctrl-C.

use tokio::sync::watch;

/// Whether a run is interrupted. Its scenarios then end with the present step, and delete their
/// tenants.
#[derive(Clone, Debug)]
pub struct Interrupt(Option<watch::Receiver<bool>>);

/// Interrupts the runs that have the [`Interrupt`].
#[derive(Debug)]
pub struct InterruptSwitch(watch::Sender<bool>);

impl Interrupt {
    /// Creates a switch and what it interrupts.
    #[must_use]
    pub fn new() -> (InterruptSwitch, Self) {
        let (sender, receiver) = watch::channel(false);
        (InterruptSwitch(sender), Self(Some(receiver)))
    }

    /// A run that nothing interrupts.
    #[must_use]
    pub const fn never() -> Self {
        Self(None)
    }

    /// Whether the run is interrupted.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.as_ref().is_some_and(|receiver| *receiver.borrow())
    }

    /// Waits until the run is interrupted.
    pub async fn wait(&self) {
        if let Some(receiver) = &self.0
            && receiver.clone().wait_for(|is_set| *is_set).await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

impl InterruptSwitch {
    /// Interrupts the run.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn all_that_wait_are_interrupted() {
        let (switch, interrupt) = Interrupt::new();
        let other = interrupt.clone();
        assert!(!interrupt.is_set() && other.wait().now_or_never().is_none());
        switch.interrupt();
        assert!(other.is_set() && interrupt.wait().now_or_never().is_some());
        let (dropped, interrupt) = Interrupt::new();
        drop(dropped);
        assert!(interrupt.wait().now_or_never().is_none() && !interrupt.is_set());
        assert!(Interrupt::never().wait().now_or_never().is_none());
    }
}
