//! The faults of all tenants, as a service knows them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use outlive_clock::{TenantId, wall_now};
use outlive_store::{Change, Store, StoreError};
use parking_lot::RwLock;

use super::revisions::{FaultRevisions, NOTICED_AFTER};
use super::table::{self, StoredFault};
use super::waiting::Waiting;
use crate::lab_access::is_lab_surface;
use crate::{Clocks, TenantLocks, pause};

/// The faults of a tenant, with their revision.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) revision: i64,
    pub(super) faults: Arc<[StoredFault]>,
}

/// The faults of all tenants of a service. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    pub(super) store: Store,
    clocks: Clocks,
    pub(super) revisions: FaultRevisions,
    /// The faults of tenants, with the revision that they have.
    lists: Arc<RwLock<HashMap<TenantId, Known>>>,
    /// Requests of a tenant that meet faults are counted one after the other.
    pub(super) counting: Arc<TenantLocks>,
    /// Changes of a tenant's faults are committed one after the other.
    changing: Arc<TenantLocks>,
    pub(super) waiting: Waiting,
    /// Of the requests that need the revisions of all replicas, one reads them.
    reading: Arc<tokio::sync::Mutex<()>>,
    /// How many of these reads failed.
    failed_reads: Arc<AtomicU64>,
}

/// Whether requests of a path never meet a fault.
pub(super) fn is_exempt(path: &str) -> bool {
    is_lab_surface(path) || path == "/healthz" || path == "/favicon.ico" || path.starts_with("/_pages/")
}

impl Faults {
    pub(crate) fn new(store: Store, clocks: Clocks) -> Self {
        let revisions = clocks.fault_revisions();
        Self {
            store,
            clocks,
            revisions,
            lists: Arc::default(),
            counting: Arc::default(),
            changing: Arc::default(),
            waiting: Waiting::default(),
            reading: Arc::default(),
            failed_reads: Arc::default(),
        }
    }

    /// Whether a request could meet a fault. Without faults this costs no statement; replicas read
    /// all revisions if they have not done so for other reasons.
    pub(super) async fn may_meet(&self, path: &str) -> bool {
        if is_exempt(path) {
            return false;
        }
        if !self.store.is_exclusive() {
            self.refresh().await;
        }
        !self.revisions.is_empty()
    }

    /// Reads the revisions again if they are too old for a request that arrives now. One request
    /// reads them for all that wait, and fails for them.
    async fn refresh(&self) {
        let arrived = wall_now();
        if self.revisions.are_fresh(arrived) {
            return;
        }
        let failed = self.failed_reads.load(Ordering::Relaxed);
        let _one_reads = self.reading.lock().await;
        if self.revisions.are_fresh(arrived) || self.failed_reads.load(Ordering::Relaxed) != failed {
            return;
        }
        if let Err(error) = self.clocks.all().await {
            self.failed_reads.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, "cannot read whether tenants have faults");
        }
    }

    /// Returns the faults of a tenant.
    pub(super) async fn of(&self, tenant: TenantId) -> Result<Option<Known>, StoreError> {
        let Some(revision) = self.revisions.of(tenant) else { return Ok(None) };
        if let Some(known) = self.lists.read().get(&tenant)
            && known.revision == revision
        {
            return Ok(Some(known.clone()));
        }
        let known = Known { revision, faults: table::read(&self.store, tenant).await? };
        self.lists.write().insert(tenant, known.clone());
        Ok(Some(known))
    }

    /// Records that all faults of this revision have ended.
    pub(super) fn rest(&self, tenant: TenantId, revision: i64) {
        self.revisions.rest(tenant, revision);
        self.lists.write().remove(&tenant);
    }

    /// Commits a change of a tenant's faults. When it returns, every replica uses them.
    pub(crate) async fn commit(&self, tenant: TenantId, mut change: Change) -> Result<(), StoreError> {
        let faults = self.clone();
        // In its own task, so that cache and database stay consistent even if the caller is
        // canceled.
        let changing = tokio::spawn(async move {
            let _in_turn = faults.changing.lock(tenant).await;
            // Distinct also from those of a deleted tenant with the same id.
            let revision = wall_now().as_micros().max(faults.revisions.last(tenant) + 1);
            change.add(table::set_revision(tenant, revision));
            faults.store.commit(change).await?;
            // None remains if the last fault was removed. If that cannot be read, the list tells.
            let stored = table::read_revision(&faults.store, tenant).await;
            faults.revisions.set(tenant, stored.unwrap_or(revision));
            faults.lists.write().remove(&tenant);
            Ok::<_, StoreError>(())
        });
        changing.await.map_err(|panic| StoreError::Failed(panic.to_string()))??;
        if !self.store.is_exclusive() {
            pause(NOTICED_AFTER).await;
        }
        Ok(())
    }

    /// Drops cached data of a deleted tenant.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.revisions.forget(tenant);
        self.lists.write().remove(&tenant);
        self.counting.forget(tenant);
        self.changing.forget(tenant);
    }
}
