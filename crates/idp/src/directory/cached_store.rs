//! The directory: its database and the cache of what was read.

use std::sync::Arc;

use outlive_clock::TenantId;
use outlive_store::{Change, Row, Statement, Store, StoreError};

use super::memory::Memory;
use super::tenant_keys::TenantKeys;

/// Reads the directory, and commits changes to it.
#[derive(Clone)]
pub(crate) struct Directory {
    pub(super) store: Store,
    pub(super) memory: Arc<Memory>,
    pub(super) installation_keys: TenantKeys,
}

impl Directory {
    pub(crate) fn new(store: Store, installation_keys: TenantKeys) -> Self {
        let memory = Arc::new(Memory::new(store.is_exclusive()));
        Self { store, memory, installation_keys }
    }

    /// Commits a change to a tenant's directory or sessions. Only the creation and the deletion of
    /// a tenant do not use it.
    pub(crate) async fn commit(&self, tenant: TenantId, change: impl Into<Change>) -> Result<(), StoreError> {
        let (directory, change) = (self.clone(), change.into());
        // In a task of its own: the cache is invalidated even if the request is canceled.
        let done = tokio::spawn(async move {
            let result = directory.store.commit(change).await;
            directory.forget(tenant);
            result
        });
        done.await.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }

    /// Reads one row that is not cached.
    pub(crate) async fn read(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        self.store.row(statement).await
    }

    /// Invalidates the cached values of a tenant.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.memory.forget(tenant);
    }
}
