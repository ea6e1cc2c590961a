//! A cache that commits invalidate, for values that are read very often, such as the next due
//! instant at every step of time.

use std::fmt;
use std::future::Future;
use std::hash::Hash;

use outlive_store::Store;
use quick_cache::sync::Cache;

/// The last value per key, with the [revision](Store::revision) of the database at which it was
/// read. Under the same key, it must not depend on what
/// [uncached](outlive_store::Statement::uncached) statements change: the lines of the journal, the
/// times of clocks, and tokens that a refresh replaces; nor on wall time.
pub struct UntilCommit<K, T>(Cache<K, (u64, T)>);

/// The number of values that are kept by default: one for each of very many tenants.
const VALUES_MAX: usize = 10_000;

impl<K: Eq + Hash, T: Clone> Default for UntilCommit<K, T> {
    fn default() -> Self {
        Self::of(VALUES_MAX)
    }
}

impl<K: Eq + Hash, T: Clone> UntilCommit<K, T> {
    /// A cache of at most this many values.
    #[must_use]
    pub fn of(values_max: usize) -> Self {
        Self(Cache::new(values_max))
    }
}

impl<K, T> fmt::Debug for UntilCommit<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UntilCommit")
    }
}

impl<K: Clone + Eq + Hash + Send + Sync, T: Clone + Send> UntilCommit<K, T> {
    /// Returns the cached value, or that of `read` after a commit. If other processes can change
    /// the data, it is read every time.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn or_read<E>(
        &self,
        store: &Store,
        key: K,
        read: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        if !store.is_exclusive() {
            return read.await;
        }
        // Before the read: a commit in the meantime invalidates the value.
        let revision = store.revision();
        if let Some((at, known)) = self.0.get(&key)
            && at == revision
        {
            return Ok(known);
        }
        let answer = read.await?;
        self.0.insert(key, (revision, answer.clone()));
        Ok(answer)
    }

    /// Caches a value that is known to be that of this [revision](Store::revision).
    pub fn put(&self, store: &Store, key: K, revision: u64, value: T) {
        if store.is_exclusive() {
            self.0.insert(key, (revision, value));
        }
    }

    /// Drops a value, as of what was deleted.
    pub fn forget(&self, key: &K) {
        self.0.remove(key);
    }

    /// Drops the values of all keys except those that `keeps`.
    pub fn retain(&self, keeps: impl Fn(&K) -> bool) {
        self.0.retain(|key, _| keeps(key));
    }
}
