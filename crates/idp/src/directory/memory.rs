//! What was read of a directory and is still true. Tenants, applications, users and consents change seldom, and every token
//! request asks for them.
//!
//! Used only where this process alone can change the database; replicas that share one read every time. Every change to a
//! directory goes through [`Directory::commit`](super::Directory::commit), after which nothing is remembered of its tenant.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outlive_clock::{ClientId, Instant, SessionId, TenantId, UserId};
use outlive_store::StoreError;

use super::client_secret::StoredSecret;
use super::{Application, Tenant, User};

/// The most that is remembered of one kind. Beyond it everything of that kind is forgotten and read again.
const REMEMBERED_MAX: usize = 10_000;

/// Everything that is remembered, by what it is.
pub(crate) struct Memory {
    changes: Arc<AtomicU64>,
    pub(crate) tenants: Remembered<(), Tenant>,
    pub(crate) applications: Remembered<ClientId, Application>,
    /// By the name under which they are asked for.
    pub(crate) resources: Remembered<String, Application>,
    pub(crate) secrets: Remembered<ClientId, Vec<StoredSecret>>,
    pub(crate) users: Remembered<UserId, User>,
    /// By client, resource and user.
    pub(crate) granted_scopes: Remembered<(ClientId, ClientId, UserId), BTreeSet<String>>,
    /// By client and resource.
    pub(crate) assigned_roles: Remembered<(ClientId, ClientId), Vec<String>>,
    /// By the object id of a user and the API.
    pub(crate) user_roles: Remembered<(UserId, ClientId), Vec<String>>,
    /// Which groups users are in.
    pub(crate) groups: Remembered<UserId, Vec<String>>,
    /// When sessions were signed out.
    pub(crate) signed_out: Remembered<SessionId, Option<Instant>>,
}

impl Memory {
    pub(crate) fn new(used: bool) -> Self {
        let changes = Arc::<AtomicU64>::default();
        Self {
            tenants: Remembered::new(used, &changes),
            applications: Remembered::new(used, &changes),
            resources: Remembered::new(used, &changes),
            secrets: Remembered::new(used, &changes),
            users: Remembered::new(used, &changes),
            granted_scopes: Remembered::new(used, &changes),
            assigned_roles: Remembered::new(used, &changes),
            user_roles: Remembered::new(used, &changes),
            groups: Remembered::new(used, &changes),
            signed_out: Remembered::new(used, &changes),
            changes,
        }
    }

    /// Forgets what is known of a tenant, because it has just changed. What others are still reading, perhaps from before the
    /// change, will not be remembered.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.tenants.forget(tenant);
        self.applications.forget(tenant);
        self.resources.forget(tenant);
        self.secrets.forget(tenant);
        self.users.forget(tenant);
        self.granted_scopes.forget(tenant);
        self.assigned_roles.forget(tenant);
        self.user_roles.forget(tenant);
        self.groups.forget(tenant);
        self.signed_out.forget(tenant);
    }
}

/// What is remembered of one kind.
pub(crate) struct Remembered<K, V> {
    used: bool,
    changes: Arc<AtomicU64>,
    known: Mutex<HashMap<(TenantId, K), V>>,
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    fn new(used: bool, changes: &Arc<AtomicU64>) -> Self {
        Self { used, changes: Arc::clone(changes), known: Mutex::default() }
    }

    /// What is remembered, or else what `read` finds. That something does not exist is never remembered.
    pub(crate) async fn or_read(
        &self,
        tenant: TenantId,
        key: K,
        read: impl Future<Output = Result<Option<V>, StoreError>>,
    ) -> Result<Option<V>, StoreError> {
        if !self.used {
            return read.await;
        }
        let key = (tenant, key);
        if let Some(known) = self.known().get(&key) {
            return Ok(Some(known.clone()));
        }
        let before = self.changes.load(Ordering::SeqCst);
        let found = read.await?;
        if let Some(found) = &found {
            let mut known = self.known();
            // Under the lock that forgetting takes, after the change it counted.
            if self.changes.load(Ordering::SeqCst) == before {
                if known.len() >= REMEMBERED_MAX {
                    known.clear();
                }
                known.insert(key, found.clone());
            }
        }
        Ok(found)
    }

    fn forget(&self, tenant: TenantId) {
        self.known().retain(|(of, _), _| *of != tenant);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(TenantId, K), V>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: u128) -> TenantId {
        TenantId::from_uuid(uuid::Uuid::from_u128(n))
    }

    async fn ask(remembered: &Remembered<u8, u32>, of: u128, now_true: Option<u32>) -> Option<u32> {
        remembered.or_read(tenant(of), 0, async { Ok(now_true) }).await.expect("read")
    }

    #[tokio::test]
    async fn what_was_read_is_remembered_until_its_tenant_changes() {
        let memory = Memory::new(true);
        let numbers = Remembered::new(true, &memory.changes);
        assert_eq!(ask(&numbers, 1, None).await, None);
        assert_eq!(ask(&numbers, 1, Some(1)).await, Some(1), "absence is not remembered");
        assert_eq!(ask(&numbers, 2, Some(2)).await, Some(2));
        assert_eq!(ask(&numbers, 1, Some(9)).await, Some(1));
        numbers.forget(tenant(1));
        assert_eq!(ask(&numbers, 1, Some(9)).await, Some(9));
        assert_eq!(ask(&numbers, 2, Some(9)).await, Some(2));
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let memory = Memory::new(true);
        let numbers = Remembered::new(true, &memory.changes);
        let read = async {
            memory.forget(tenant(1));
            Ok(Some(1))
        };
        assert_eq!(numbers.or_read(tenant(1), 0, read).await.expect("read"), Some(1));
        assert_eq!(ask(&numbers, 1, Some(2)).await, Some(2));
    }

    #[tokio::test]
    async fn it_is_bounded_and_unused_where_others_can_change_the_data() {
        let changes = Arc::default();
        let numbers = Remembered::new(true, &changes);
        for n in 0..=REMEMBERED_MAX {
            ask(&numbers, n as u128, Some(1)).await;
        }
        assert!(numbers.known().len() <= REMEMBERED_MAX);
        let unused = Remembered::new(false, &changes);
        assert_eq!(ask(&unused, 1, Some(1)).await, Some(1));
        assert_eq!(ask(&unused, 1, Some(2)).await, Some(2));
    }
}
