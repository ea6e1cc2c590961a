//! The runs that this process executes. A run with status `Running` and this replica's name that is
//! not among them was abandoned when an earlier process ended.

use std::collections::HashSet;
use std::sync::Arc;

use outlive_clock::TenantId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::ids::FlowId;

/// A run, by name.
pub(super) type RunName = (TenantId, FlowId, String);

/// The runs that this process executes, each exclusively. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Executing(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    runs: Mutex<HashSet<RunName>>,
    ended: Notify,
}

/// The exclusive right of this process to execute a run, until it is dropped.
#[derive(Debug)]
pub(super) struct ExecutingRun {
    of: Executing,
    run: RunName,
}

impl Executing {
    /// Begins to execute a run, unless this process executes it already.
    pub(super) fn begin(&self, run: RunName) -> Option<ExecutingRun> {
        let is_new = self.0.runs.lock().insert(run.clone());
        is_new.then(|| ExecutingRun { of: self.clone(), run })
    }

    /// Begins to execute a run as soon as this process does not execute it any more.
    pub(super) async fn lock(&self, run: RunName) -> ExecutingRun {
        loop {
            if let Some(begun) = self.begin(run.clone()) {
                return begun;
            }
            self.wait(&run).await;
        }
    }

    /// Waits until this process does not execute the run.
    pub(super) async fn wait(&self, run: &RunName) {
        loop {
            // Receives notifications from here on, before the run is looked up.
            let ended = self.0.ended.notified();
            if !self.is_executing(run) {
                return;
            }
            ended.await;
        }
    }

    pub(super) fn is_executing(&self, run: &RunName) -> bool {
        self.0.runs.lock().contains(run)
    }
}

impl Drop for ExecutingRun {
    fn drop(&mut self) {
        self.of.0.runs.lock().remove(&self.run);
        self.of.0.ended.notify_waiters();
    }
}
