//! The operations under way in this process: whose turn it is, and how far each is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use outlive_chassis::{Chassis, pause};
use outlive_clock::{Speed, TenantId};
use outlive_store::StoreError;
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::time::timeout;

use super::record::{OperationDetails, OperationKind};
use super::store::{Operation, OperationStore};

/// How often, in wall time, an operation under way writes how far it is. Its lease lasts much
/// longer.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// The operations of this lab process.
#[derive(Debug)]
pub(in crate::tenants) struct Operations {
    pub(super) store: OperationStore,
    /// One operation of a tenant at a time; others wait in order.
    turns: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
    /// What this process is working on.
    live: Mutex<HashMap<TenantId, Live>>,
    stopping: AtomicBool,
    /// Wakes the recovery.
    pub(super) wake: Notify,
}

/// An operation under way in this process.
#[derive(Clone, Debug)]
struct Live {
    operation: Operation,
    canceled: Arc<AtomicBool>,
}

/// Takes an operation off the list of those under way, also if its caller stops waiting for it:
/// then the recovery ends it.
struct Shown<'a> {
    operations: &'a Operations,
    tenant: TenantId,
    is_done: bool,
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.operations.live().remove(&self.tenant);
        if !self.is_done {
            self.operations.wake.notify_one();
        }
    }
}

impl Operations {
    pub(in crate::tenants) fn new(chassis: Chassis) -> Self {
        Self {
            store: OperationStore::new(chassis),
            turns: Mutex::default(),
            live: Mutex::default(),
            stopping: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// The operation of a tenant that has begun and not ended, as it stands now.
    pub(in crate::tenants) async fn current(
        &self,
        tenant: TenantId,
    ) -> Result<Option<OperationDetails>, StoreError> {
        if let Some(live) = self.live().get(&tenant) {
            return Ok(Some(live.operation.details.clone()));
        }
        Ok(self.store.read(tenant).await?.map(|operation| operation.details))
    }

    /// The tenants that are being deleted.
    pub(in crate::tenants) async fn deletions(&self) -> Result<Vec<TenantId>, StoreError> {
        let all = self.store.list().await?;
        let deleted = |operation: &Operation| operation.details.kind == OperationKind::Delete;
        Ok(all.into_iter().filter(deleted).map(|operation| operation.tenant).collect())
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn turn_of(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(tenant).or_default())
    }

    /// Waits until no other operation of the tenant is under way in this process.
    pub(super) async fn turn(&self, tenant: TenantId) -> OwnedMutexGuard<()> {
        self.turn_of(tenant).lock_owned().await
    }

    /// [`Operations::turn`], for so long in wall time; `None` if another operation is still under
    /// way.
    pub(super) async fn turn_within(&self, tenant: TenantId, wait: Duration) -> Option<OwnedMutexGuard<()>> {
        timeout(wait, self.turn(tenant)).await.ok()
    }

    pub(super) fn forget(&self, tenant: TenantId) {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }

    /// Runs an operation's work: it is shown to readers and keeps its lease meanwhile. Afterwards
    /// the details contain how far it came.
    pub(super) async fn work<F: Future>(
        &self,
        operation: &mut Operation,
        canceled: &Arc<AtomicBool>,
        work: F,
    ) -> F::Output {
        let live = Live { operation: operation.clone(), canceled: Arc::clone(canceled) };
        self.live().insert(operation.tenant, live);
        let mut shown = Shown { operations: self, tenant: operation.tenant, is_done: false };
        canceled.fetch_or(self.stopping.load(Ordering::Relaxed), Ordering::Relaxed);
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                output = &mut work => {
                    shown.is_done = true;
                    if let Some(live) = self.live().get(&operation.tenant) {
                        operation.details = live.operation.details.clone();
                    }
                    return output;
                }
                () = pause(HEARTBEAT) => {}
            }
            let current = self.live().get(&operation.tenant).map(|live| live.operation.clone());
            if let Some(current) = current
                && let Err(error) = self.store.update(&current).await
            {
                // The row is gone if the tenant is being deleted, here or by another replica.
                canceled.fetch_or(error.is_conflict(), Ordering::Relaxed);
                tracing::debug!(%error, "how far an operation is could not be written");
            }
        }
    }

    /// Notes how far the operation under way is.
    pub(super) fn note(&self, tenant: TenantId, note: impl FnOnce(&mut OperationDetails)) {
        if let Some(live) = self.live().get_mut(&tenant) {
            note(&mut live.operation.details);
        }
    }

    /// Ends the change of time that is under way for a tenant after its present step.
    pub(super) fn cancel(&self, tenant: TenantId) {
        if let Some(live) = self.live().get(&tenant) {
            live.canceled.store(true, Ordering::Relaxed);
        }
    }

    /// Ends the advance that is under way for a tenant in this process after its present step; time
    /// stands still then. Recorded first, so that a recovery does the same.
    ///
    /// # Errors
    /// A failing database.
    pub(super) async fn freeze(&self, tenant: TenantId) -> Result<(), StoreError> {
        let frozen = match self.live().get_mut(&tenant) {
            Some(live) if live.operation.details.kind == OperationKind::Advance => {
                live.operation.details.freeze();
                live.clone()
            }
            _ => return Ok(()),
        };
        match self.store.update(&frozen.operation).await {
            // It ended meanwhile.
            Err(error) if !error.is_conflict() => return Err(error),
            _ => {}
        }
        frozen.canceled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// How fast time runs after the operation under way.
    pub(super) fn speed_afterwards(&self, tenant: TenantId) -> Option<Speed> {
        self.live().get(&tenant).and_then(|live| live.operation.details.speed)
    }

    /// Ends every change of time after its present step, and waits until all are ended; tenants are
    /// still created and deleted completely. The caller bounds the wait: what is not ended in time
    /// is recovered at the next start.
    pub(in crate::tenants) async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        loop {
            {
                let live = self.live();
                if live.is_empty() {
                    return;
                }
                live.values().for_each(|live| live.canceled.store(true, Ordering::Relaxed));
            }
            pause(Duration::from_millis(10)).await;
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
