//! A cache that each commit invalidates, for values that are read very often, such as the next due
//! instant at every step of time.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use outlive_clock::TenantId;
use outlive_store::Store;

/// The last value per tenant, with the number of commits when it was read.
pub struct UntilCommit<T>(Mutex<HashMap<TenantId, (u64, T)>>);

impl<T> Default for UntilCommit<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> fmt::Debug for UntilCommit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UntilCommit")
    }
}

impl<T: Clone + Send> UntilCommit<T> {
    /// Returns the cached value, or that of `read` after a commit. If other processes can change
    /// the data, it is read every time.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn or_read<E>(
        &self,
        store: &Store,
        tenant: TenantId,
        read: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        if !store.is_exclusive() {
            return read.await;
        }
        // Counted before the read: a commit in the meantime invalidates the value.
        let commits = *store.commits().borrow();
        if let Some((at, known)) = self.answers().get(&tenant)
            && *at == commits
        {
            return Ok(known.clone());
        }
        let answer = read.await?;
        self.answers().insert(tenant, (commits, answer.clone()));
        Ok(answer)
    }

    /// Drops the value of a deleted tenant.
    pub fn forget(&self, tenant: TenantId) {
        self.answers().remove(&tenant);
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, (u64, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
