//! Locks that serialize work of a tenant within this process.

use std::collections::HashMap;
use std::sync::Arc;

use outlive_clock::TenantId;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

/// One lock per tenant. Only for existing tenants, so that requests cannot grow the map.
#[derive(Debug, Default)]
pub struct TenantLocks(Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>);

impl TenantLocks {
    /// Waits for the tenant's lock.
    pub async fn lock(&self, tenant: TenantId) -> OwnedMutexGuard<()> {
        let lock = Arc::clone(self.0.lock().entry(tenant).or_default());
        lock.lock_owned().await
    }

    /// Removes the lock of a deleted tenant.
    pub fn forget(&self, tenant: TenantId) {
        self.0.lock().remove(&tenant);
    }
}
