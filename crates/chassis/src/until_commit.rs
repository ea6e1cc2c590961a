//! What was read stays true until something is committed, where nobody else can change it: for questions that are asked again and
//! again, as whoever moves time asks at every step when something is next due.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use outlive_clock::TenantId;
use outlive_store::Store;

/// The last answer for each tenant, and how many commits there had been when it was read.
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
    /// The last answer, or what `read` reads from the store if there was a commit since. Where other processes can change the data
    /// it is read every time.
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
        // Counted before reading: what is committed meanwhile makes the answer old.
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

    /// Forgets a tenant that is gone.
    pub fn forget(&self, tenant: TenantId) {
        self.answers().remove(&tenant);
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, (u64, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
