//! Which tenants have faults, without asking the database for each request.
//!
//! Each change of a tenant's faults stores a new revision in the row of its clock. Replicas read
//! those rows a few times per second; a change of faults returns when all have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use outlive_clock::{Instant, Span, TenantId};
use parking_lot::RwLock;

/// How old the revisions that a replica uses may be (wall time).
const AGE_MAX: Span = Span::from_millis(400);
/// How long a change waits until every replica uses it: longer than [`AGE_MAX`].
pub(super) const NOTICED_AFTER: Duration = Duration::from_millis(600);

/// The revisions of the tenants with faults. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultRevisions(Arc<RwLock<Revisions>>);

#[derive(Debug, Default)]
struct Revisions {
    of: HashMap<TenantId, i64>,
    /// Revisions that are stored and of which all faults have ended: the same as none.
    ended: HashMap<TenantId, i64>,
    /// When all of them were read (wall time).
    read: Option<Instant>,
}

impl FaultRevisions {
    /// Replaces all revisions by those that were read from `read` on.
    pub(crate) fn replace(&self, revisions: impl IntoIterator<Item = (TenantId, i64)>, read: Instant) {
        let mut all: HashMap<_, _> = revisions.into_iter().filter(|(_, revision)| *revision != 0).collect();
        let mut revisions = self.0.write();
        revisions.ended.retain(|tenant, revision| all.get(tenant) == Some(revision));
        all.retain(|tenant, _| !revisions.ended.contains_key(tenant));
        (revisions.of, revisions.read) = (all, Some(read));
    }

    /// Records a change in this process; 0 for a tenant without faults.
    pub(crate) fn set(&self, tenant: TenantId, revision: i64) {
        let mut revisions = self.0.write();
        revisions.ended.remove(&tenant);
        if revision == 0 {
            revisions.of.remove(&tenant);
        } else {
            revisions.of.insert(tenant, revision);
        }
    }

    /// Records that all faults of this revision have ended, so that requests need not ask again.
    pub(super) fn rest(&self, tenant: TenantId, revision: i64) {
        let mut revisions = self.0.write();
        if revisions.of.get(&tenant) == Some(&revision) {
            revisions.of.remove(&tenant);
            revisions.ended.insert(tenant, revision);
        }
    }

    /// Drops the revision of a deleted tenant.
    pub(crate) fn forget(&self, tenant: TenantId) {
        let mut revisions = self.0.write();
        revisions.of.remove(&tenant);
        revisions.ended.remove(&tenant);
    }

    /// Whether no tenant has faults.
    pub(super) fn is_empty(&self) -> bool {
        self.0.read().of.is_empty()
    }

    /// Whether a replica may use these revisions for a request that arrived at a wall instant.
    pub(super) fn are_fresh(&self, arrived: Instant) -> bool {
        self.0.read().read.is_some_and(|read| arrived - read <= AGE_MAX)
    }

    /// Returns the revision of a tenant's faults, if it has some that may be met.
    pub(super) fn of(&self, tenant: TenantId) -> Option<i64> {
        self.0.read().of.get(&tenant).copied()
    }

    /// Returns the last revision of a tenant that this process knows, or 0.
    pub(super) fn last(&self, tenant: TenantId) -> i64 {
        let revisions = self.0.read();
        revisions.of.get(&tenant).or_else(|| revisions.ended.get(&tenant)).copied().unwrap_or_default()
    }
}
