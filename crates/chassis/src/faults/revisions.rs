//! Which tenants have faults, without asking the database for each request.
//!
//! Each change of a tenant's faults stores a new revision in the row of its clock. Replicas read
//! those rows a few times per second; a change of faults returns when all have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use outlive_clock::{Instant, Span, TenantId, wall_now};
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
    /// When all of them were read (wall time).
    read: Option<Instant>,
}

impl FaultRevisions {
    /// Replaces all revisions by those that were read from `read` on.
    pub(crate) fn replace(&self, revisions: impl IntoIterator<Item = (TenantId, i64)>, read: Instant) {
        let of = revisions.into_iter().filter(|(_, revision)| *revision != 0).collect();
        *self.0.write() = Revisions { of, read: Some(read) };
    }

    /// Records a change in this process.
    pub(super) fn set(&self, tenant: TenantId, revision: i64) {
        self.0.write().of.insert(tenant, revision);
    }

    /// Drops the revision of a deleted tenant.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.0.write().of.remove(&tenant);
    }

    /// Whether no tenant has faults.
    pub(super) fn is_empty(&self) -> bool {
        self.0.read().of.is_empty()
    }

    /// Whether replicas have to read the revisions again.
    pub(super) fn is_stale(&self) -> bool {
        self.0.read().read.is_none_or(|read| wall_now() - read > AGE_MAX)
    }

    /// Returns the revision of a tenant's faults, if it has had any.
    pub(super) fn of(&self, tenant: TenantId) -> Option<i64> {
        self.0.read().of.get(&tenant).copied()
    }
}
