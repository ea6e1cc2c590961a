//! The operations in progress in this process: their locks and their progress.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use outlive_chassis::{Chassis, pause};
use outlive_clock::{Instant, Span, Speed, TenantId, wall_now};
use outlive_store::StoreError;
use outlive_wire::lab_api::{OperationDetails, OperationKind};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::time::timeout;

use super::store::{LEASE, Operation, OperationStore};

/// How often an operation in progress is saved (wall time). Its lease lasts much longer.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// The same where replicas share the database: how soon an operation notices that another replica
/// waits for its end.
const HEARTBEAT_SHARED: Duration = Duration::from_millis(500);
/// How long after its last renewal an operation gives its lease up (wall time), before another
/// replica takes it over.
const LEASE_KEPT: Span = Span::from_seconds(LEASE.as_seconds() * 3 / 4);

/// The operations of this lab process.
#[derive(Debug)]
pub(in crate::tenants) struct Operations {
    pub(super) store: OperationStore,
    /// One lock per tenant; waiting operations acquire it in order.
    turns: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
    /// The operations in progress.
    live: Mutex<HashMap<TenantId, Live>>,
    stopping: AtomicBool,
    /// Wakes the recovery.
    pub(super) wake: Notify,
}

/// An operation in progress.
#[derive(Clone, Debug)]
struct Live {
    operation: Operation,
    canceled: Arc<AtomicBool>,
    /// Whether another replica has its lease, or may have it soon.
    is_lost: bool,
}

/// Removes an operation from `live` when dropped. If its work did not complete, because the caller
/// disconnected, wakes the recovery.
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
    /// Returns the recorded operation of a tenant, in whatever replica it goes on.
    pub(in crate::tenants) async fn read_recorded(
        &self,
        tenant: TenantId,
    ) -> Result<Option<OperationDetails>, StoreError> {
        Ok(self.store.read(tenant).await?.map(|operation| operation.details))
    }

    pub(in crate::tenants) fn new(chassis: Chassis) -> Self {
        Self {
            store: OperationStore::new(chassis),
            turns: Mutex::default(),
            live: Mutex::default(),
            stopping: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// Returns the operation in progress on a tenant, with its current progress.
    pub(in crate::tenants) async fn current(
        &self,
        tenant: TenantId,
    ) -> Result<Option<OperationDetails>, StoreError> {
        if let Some(live) = self.live().get(&tenant) {
            return Ok(Some(live.operation.details.clone()));
        }
        Ok(self.store.read(tenant).await?.map(|operation| operation.details))
    }

    /// Returns the tenants with an operation of this kind.
    pub(in crate::tenants) async fn of_kind(&self, kind: OperationKind) -> Result<Vec<TenantId>, StoreError> {
        let all = self.store.list().await?;
        let found = all.into_iter().filter(|operation| operation.details.kind == kind);
        Ok(found.map(|operation| operation.tenant).collect())
    }

    fn live(&self) -> MutexGuard<'_, HashMap<TenantId, Live>> {
        self.live.lock()
    }

    pub(super) fn turn_of(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock();
        Arc::clone(turns.entry(tenant).or_default())
    }

    /// Locks the tenant for an operation of this process.
    pub(super) async fn turn(&self, tenant: TenantId) -> OwnedMutexGuard<()> {
        self.turn_of(tenant).lock_owned().await
    }

    /// [`Operations::turn`] with a timeout (wall time); `None` if another operation still runs.
    pub(super) async fn turn_within(&self, tenant: TenantId, wait: Duration) -> Option<OwnedMutexGuard<()>> {
        timeout(wait, self.turn(tenant)).await.ok()
    }

    /// [`Operations::turn`] for an operation that is recorded; its lease is renewed meanwhile.
    pub(super) async fn turn_of_recorded(&self, operation: &Operation) -> OwnedMutexGuard<()> {
        let mut turn = std::pin::pin!(self.turn(operation.tenant));
        loop {
            if let Ok(turn) = timeout(HEARTBEAT, &mut turn).await {
                return turn;
            }
            if let Err(error) = self.store.renew(operation).await {
                tracing::debug!(%error, "the lease of an operation that waits could not be renewed");
            }
        }
    }

    pub(super) fn forget(&self, tenant: TenantId) {
        self.turns.lock().remove(&tenant);
    }

    /// Executes the work of an operation, publishes its progress and renews its lease. Afterwards,
    /// the details contain the progress.
    pub(super) async fn work<F: Future>(
        &self,
        operation: &mut Operation,
        canceled: &Arc<AtomicBool>,
        work: F,
    ) -> F::Output {
        let live = Live { operation: operation.clone(), canceled: Arc::clone(canceled), is_lost: false };
        self.live().insert(operation.tenant, live);
        let mut shown = Shown { operations: self, tenant: operation.tenant, is_done: false };
        canceled.fetch_or(self.stopping.load(Ordering::Relaxed), Ordering::Relaxed);
        let tenant = operation.tenant;
        // Both are polled at all times: the work may be in a commit that the heartbeat waits for.
        let output = tokio::select! {
            output = work => output,
            never = self.keep_alive(tenant, canceled) => match never {},
        };
        shown.is_done = true;
        if let Some(live) = self.live().get(&tenant) {
            operation.details = live.operation.details.clone();
        }
        output
    }

    /// Saves the progress of an operation now and then, and cancels it when it loses its lease or
    /// another replica waits for its end.
    async fn keep_alive(&self, tenant: TenantId, canceled: &AtomicBool) -> Infallible {
        let is_shared = self.store.is_shared();
        // The lease counts from before the commit that renews it.
        let mut renewed = wall_now();
        loop {
            pause(if is_shared { HEARTBEAT_SHARED } else { HEARTBEAT }).await;
            let current = self.live().get(&tenant).map(|live| live.operation.clone());
            let Some(current) = current else { continue };
            let asked = wall_now();
            let updating = self.store.update(&current);
            // A connection that hangs does not answer while the lease lasts.
            let updated =
                if is_shared { self.while_kept(renewed, updating).await } else { Some(updating.await) };
            match updated {
                Some(Ok(())) => renewed = asked,
                Some(Err(error)) => {
                    tracing::debug!(%error, "how far an operation is could not be written");
                    // A conflict means that it was replaced: the tenant is deleted or started over.
                    if error.is_conflict() {
                        self.lose(tenant, canceled);
                    }
                }
                None => {}
            }
            if is_shared {
                let must_end = self.while_kept(renewed, self.store.must_end(&current)).await;
                canceled.fetch_or(matches!(must_end, Some(Ok(true))), Ordering::Relaxed);
                if wall_now() - renewed >= LEASE_KEPT {
                    self.lose(tenant, canceled);
                }
            }
        }
    }

    /// Awaits the database as long as a lease renewed then is kept (wall time); `None` afterwards.
    async fn while_kept<T>(&self, renewed: Instant, answer: impl Future<Output = T>) -> Option<T> {
        let left = LEASE_KEPT - (wall_now() - renewed);
        timeout(left.max(Span::ZERO).to_std(), answer).await.ok()
    }

    /// Cancels an operation whose lease is lost: another replica goes on with it.
    fn lose(&self, tenant: TenantId, canceled: &AtomicBool) {
        if let Some(live) = self.live().get_mut(&tenant) {
            live.is_lost = true;
        }
        canceled.store(true, Ordering::Relaxed);
    }

    /// Whether another replica may go on with the operation in progress, between two of its steps.
    pub(super) fn is_lost(&self, tenant: TenantId) -> bool {
        self.live().get(&tenant).is_some_and(|live| live.is_lost)
    }

    /// Updates the progress of the operation in progress.
    pub(super) fn note(&self, tenant: TenantId, note: impl FnOnce(&mut OperationDetails)) {
        if let Some(live) = self.live().get_mut(&tenant) {
            note(&mut live.operation.details);
        }
    }

    /// Cancels the change of a tenant's time after its current step.
    pub(super) fn cancel(&self, tenant: TenantId) {
        if let Some(live) = self.live().get(&tenant) {
            live.canceled.store(true, Ordering::Relaxed);
        }
    }

    /// Cancels the advance of a tenant in this process after its current step, and leaves the clock
    /// stopped. Recorded first, so that a recovery does the same.
    pub(super) async fn freeze(&self, tenant: TenantId) -> Result<(), StoreError> {
        let frozen = match self.live().get_mut(&tenant) {
            Some(live) if live.operation.details.kind == OperationKind::Advance => {
                live.operation.details.speed = Some(Speed::FROZEN);
                live.operation.details.frozen = true;
                live.clone()
            }
            _ => return Ok(()),
        };
        match self.store.update(&frozen.operation).await {
            // The operation has ended meanwhile.
            Err(error) if !error.is_conflict() => return Err(error),
            _ => {}
        }
        frozen.canceled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Returns the speed of time after the operation in progress.
    pub(super) fn speed_afterwards(&self, tenant: TenantId) -> Option<Speed> {
        self.live().get(&tenant).and_then(|live| live.operation.details.speed)
    }

    /// Cancels every change of time after its current step, and waits until all operations have
    /// ended. Creations and deletions are completed. The caller bounds the wait; operations that
    /// have not ended are recovered at the next start.
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

    pub(in crate::tenants) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
