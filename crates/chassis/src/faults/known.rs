//! The faults of all tenants, as a service knows them.

use std::collections::HashMap;
use std::sync::Arc;

use outlive_clock::{TenantId, wall_now};
use outlive_store::{Change, Store, StoreError};
use parking_lot::RwLock;

use super::revisions::{FaultRevisions, NOTICED_AFTER};
use super::table::{self, StoredFault};
use crate::lab_access::is_lab_surface;
use crate::{Clocks, Problem, TenantLocks, pause};

/// The faults of a tenant, with their revision.
type Known = (i64, Arc<[StoredFault]>);

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
}

impl Faults {
    pub(crate) fn new(store: Store, clocks: Clocks) -> Self {
        let revisions = clocks.fault_revisions();
        Self { store, clocks, revisions, lists: Arc::default(), counting: Arc::default() }
    }

    /// Whether a request could meet a fault. Without faults this costs no statement; replicas read
    /// all revisions if they have not done so for other reasons.
    pub(super) async fn may_meet(&self, path: &str) -> bool {
        let is_exempt = is_lab_surface(path)
            || path == "/healthz"
            || path == "/favicon.ico"
            || path.starts_with("/_pages/");
        if is_exempt {
            return false;
        }
        if !self.store.is_exclusive()
            && self.revisions.is_stale()
            && let Err(error) = self.clocks.all().await
        {
            tracing::warn!(%error, "cannot read whether tenants have faults");
        }
        !self.revisions.is_empty()
    }

    /// Returns the faults of a tenant.
    pub(super) async fn of(&self, tenant: TenantId) -> Result<Option<Arc<[StoredFault]>>, StoreError> {
        let Some(revision) = self.revisions.of(tenant) else { return Ok(None) };
        if let Some((known, faults)) = self.lists.read().get(&tenant)
            && *known == revision
        {
            return Ok(Some(Arc::clone(faults)));
        }
        let faults = table::read(&self.store, tenant).await?;
        self.lists.write().insert(tenant, (revision, Arc::clone(&faults)));
        Ok(Some(faults))
    }

    /// Commits a change of a tenant's faults. When it returns, every replica uses them.
    pub(crate) async fn commit(&self, tenant: TenantId, mut change: Change) -> Result<(), Problem> {
        let faults = self.clone();
        // In its own task, so that cache and database stay consistent even if the caller is
        // canceled.
        let changing = tokio::spawn(async move {
            let before = faults.revisions.of(tenant).unwrap_or_default();
            // Distinct also from those of a deleted tenant with the same id.
            let revision = wall_now().as_micros().max(before + 1);
            change.add(table::set_revision(tenant, revision));
            faults.store.commit(change).await?;
            faults.revisions.set(tenant, revision);
            Ok::<_, StoreError>(())
        });
        changing.await.map_err(|panic| Problem::unavailable().caused_by(panic))??;
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
    }
}
