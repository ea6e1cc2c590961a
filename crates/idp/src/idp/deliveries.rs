//! The deliveries of security events in progress.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outlive_clock::TenantId;

/// The deliveries in progress.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    /// One delivery at a time per tenant, to keep the order.
    turns: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
    /// The tenants with a background task that retries.
    pub(crate) kept: Mutex<HashSet<TenantId>>,
}

impl Deliveries {
    pub(crate) fn turn(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(locked(&self.turns).entry(tenant).or_default())
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        locked(&self.turns).remove(&tenant);
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
