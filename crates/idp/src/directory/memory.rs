//! A cache of directory objects. Tenants, applications, users and consents change rarely, and every
//! token request reads them.
//!
//! Used only if this process is the only writer; replicas that share a database read every time.
//! Every change to a directory goes through [`Directory::commit`](super::Directory::commit), which
//! clears the cache of its tenant.

use std::collections::BTreeSet;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use outlive_clock::{ClientId, Instant, SessionId, TenantId, UserId};
use outlive_store::StoreError;
use parking_lot::Mutex;
use quick_cache::unsync;

use super::client_secret::StoredSecret;
use super::{Application, Tenant, User};

/// Entries per cache.
const ENTRIES_MAX: usize = 10_000;

/// Declares the caches, one per kind of object.
macro_rules! caches {
    ($($(#[$doc:meta])* $cache:ident: $key:ty => $object:ty,)+) => {
        pub(crate) struct Memory {
            changes: Arc<AtomicU64>,
            $($(#[$doc])* pub(crate) $cache: Cache<$key, $object>,)+
        }

        impl Memory {
            pub(crate) fn new(used: bool) -> Self {
                let changes = Arc::<AtomicU64>::default();
                Self { $($cache: Cache::new(used, &changes),)+ changes }
            }

            /// Clears the cache of a tenant that has changed. Reads in progress, which may predate
            /// the change, are not cached.
            pub(crate) fn forget(&self, tenant: TenantId) {
                self.changes.fetch_add(1, Ordering::SeqCst);
                $(self.$cache.forget(tenant);)+
            }
        }
    };
}

caches! {
    tenants: () => Tenant,
    applications: ClientId => Application,
    /// By name.
    resources: String => Application,
    secrets: ClientId => Vec<StoredSecret>,
    users: UserId => User,
    /// By client, resource and user.
    granted_scopes: (ClientId, ClientId, UserId) => BTreeSet<String>,
    /// By client and resource.
    assigned_roles: (ClientId, ClientId) => Vec<String>,
    /// By the user's object id and the API.
    user_roles: (UserId, ClientId) => Vec<String>,
    /// Groups by user.
    groups: UserId => Vec<String>,
    /// Sign-out times by session.
    signed_out: SessionId => Option<Instant>,
}

/// A cache of one kind of object.
pub(crate) struct Cache<K, V> {
    used: bool,
    changes: Arc<AtomicU64>,
    known: Mutex<unsync::Cache<(TenantId, K), V>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn new(used: bool, changes: &Arc<AtomicU64>) -> Self {
        Self { used, changes: Arc::clone(changes), known: Mutex::new(unsync::Cache::new(ENTRIES_MAX)) }
    }

    /// Returns the value that is cached at the time of the call, or the result of `read`. Absence
    /// is never cached.
    ///
    /// It is no `async fn`, whose future would contain that of `read`, which is large and seldom
    /// needed.
    pub(crate) fn get_or_read(
        &self,
        tenant: TenantId,
        key: K,
        read: impl Future<Output = Result<Option<V>, StoreError>>,
    ) -> impl Future<Output = Result<Option<V>, StoreError>> {
        let key = (tenant, key);
        let known = if self.used { self.known.lock().get(&key).cloned() } else { None };
        let reading = known.is_none().then(|| Box::pin(self.read(key, read)));
        async move {
            match reading {
                Some(reading) => reading.await,
                None => Ok(known),
            }
        }
    }

    async fn read(
        &self,
        key: (TenantId, K),
        read: impl Future<Output = Result<Option<V>, StoreError>>,
    ) -> Result<Option<V>, StoreError> {
        let before = self.changes.load(Ordering::SeqCst);
        let found = read.await?;
        if let Some(found) = found.as_ref().filter(|_| self.used) {
            let mut known = self.known.lock();
            // Checked under the lock that `forget` takes after it has counted the change.
            if self.changes.load(Ordering::SeqCst) == before {
                known.insert(key, found.clone());
            }
        }
        Ok(found)
    }

    /// The same for objects that always exist, such as lists.
    pub(crate) fn get_or_list(
        &self,
        tenant: TenantId,
        key: K,
        read: impl Future<Output = Result<V, StoreError>>,
    ) -> impl Future<Output = Result<V, StoreError>>
    where
        V: Default,
    {
        let found = self.get_or_read(tenant, key, async { read.await.map(Some) });
        async move { Ok(found.await?.unwrap_or_default()) }
    }

    fn forget(&self, tenant: TenantId) {
        self.known.lock().retain(|(of, _), _| *of != tenant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: u128) -> TenantId {
        TenantId::from_uuid(uuid::Uuid::from_u128(n))
    }

    async fn ask(cache: &Cache<u8, u32>, of: u128, now_true: Option<u32>) -> Option<u32> {
        cache.get_or_read(tenant(of), 0, async { Ok(now_true) }).await.expect("read")
    }

    #[tokio::test]
    async fn values_are_cached_until_their_tenant_changes() {
        let memory = Memory::new(true);
        let numbers = Cache::new(true, &memory.changes);
        assert_eq!(ask(&numbers, 1, None).await, None);
        assert_eq!(ask(&numbers, 1, Some(1)).await, Some(1), "absence is not cached");
        assert_eq!(ask(&numbers, 2, Some(2)).await, Some(2));
        assert_eq!(ask(&numbers, 1, Some(9)).await, Some(1));
        numbers.forget(tenant(1));
        assert_eq!(ask(&numbers, 1, Some(9)).await, Some(9));
        assert_eq!(ask(&numbers, 2, Some(9)).await, Some(2));
    }

    #[tokio::test]
    async fn a_change_invalidates_reads_in_progress() {
        let memory = Memory::new(true);
        let numbers = Cache::new(true, &memory.changes);
        let read = async {
            memory.forget(tenant(1));
            Ok(Some(1))
        };
        assert_eq!(numbers.get_or_read(tenant(1), 0, read).await.expect("read"), Some(1));
        assert_eq!(ask(&numbers, 1, Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn the_cache_is_bounded_and_off_with_several_writers() {
        let changes = Arc::default();
        let numbers = Cache::new(true, &changes);
        for n in 0..=ENTRIES_MAX {
            ask(&numbers, n as u128, Some(1)).await;
        }
        assert!(numbers.known.lock().len() <= ENTRIES_MAX);
        let unused = Cache::new(false, &changes);
        assert_eq!(ask(&unused, 1, Some(1)).await, Some(1));
        assert_eq!(ask(&unused, 1, Some(2)).await, Some(2));
    }
}
