//! A cache that each commit invalidates, for values that are read very often, such as the next due
//! instant at every step of time.

use std::fmt;
use std::future::Future;

use outlive_clock::TenantId;
use outlive_store::Store;
use quick_cache::sync::Cache;

/// The maximum number of tenants with a cached value.
const TENANTS_MAX: usize = 10_000;

/// The last value per tenant, with the number of commits when it was read.
pub struct UntilCommit<T>(Cache<TenantId, (u64, T)>);

impl<T: Clone> Default for UntilCommit<T> {
    fn default() -> Self {
        Self(Cache::new(TENANTS_MAX))
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
        if let Some((at, known)) = self.0.get(&tenant)
            && at == commits
        {
            return Ok(known);
        }
        let answer = read.await?;
        self.0.insert(tenant, (commits, answer.clone()));
        Ok(answer)
    }

    /// Drops the value of a deleted tenant.
    pub fn forget(&self, tenant: TenantId) {
        self.0.remove(&tenant);
    }
}
