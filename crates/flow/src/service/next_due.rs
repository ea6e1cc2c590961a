//! Remembering when something is next due, where nobody else can change it: whoever moves time asks at every step.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, StoreError};

use super::Flows;
use crate::tables::due;

/// What was last read, by tenant, and how often anything changed.
#[derive(Debug, Default)]
pub(super) struct NextDue(Mutex<(u64, HashMap<TenantId, Option<Instant>>)>);

impl NextDue {
    fn changes(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn known(&self, tenant: TenantId) -> Option<Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.get(&tenant).copied()
    }

    /// Keeps what was read, unless something has changed since.
    fn keep(&self, tenant: TenantId, read_at: u64, next: Option<Instant>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.0 == read_at {
            inner.1.insert(tenant, next);
        }
    }

    pub(super) fn forget(&self, tenant: TenantId) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        inner.1.remove(&tenant);
    }
}

impl Flows {
    /// When something of the tenant is next due.
    pub(super) async fn next_due(&self, tenant: TenantId) -> Result<Option<Instant>, StoreError> {
        let exclusive = self.chassis.store.is_exclusive();
        if let (true, Some(known)) = (exclusive, self.next_due.known(tenant)) {
            return Ok(known);
        }
        let read_at = self.next_due.changes();
        let next = due::next(&self.chassis.store, tenant, &self.config.replica).await?;
        if exclusive {
            self.next_due.keep(tenant, read_at, next);
        }
        Ok(next)
    }

    /// Commits a change that may change what is due. Whatever came of it, what was remembered is no longer relied on; a task of its
    /// own sees to that even when the caller goes away while the commit is under way.
    pub(super) async fn commit(&self, tenant: TenantId, change: impl Into<Change>) -> Result<(), StoreError> {
        let (store, next_due, change) =
            (self.chassis.store.clone(), Arc::clone(&self.next_due), change.into());
        let task = tokio::spawn(async move {
            let done = store.commit(change).await;
            next_due.forget(tenant);
            done
        });
        task.await.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }
}
