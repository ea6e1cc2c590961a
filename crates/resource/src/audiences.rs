//! The audiences of the API in each tenant.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use outlive_clock::{ClientId, TenantId};
use outlive_store::{Statement, Store, StoreError, sql};

/// The audiences of every tenant. They never change during a tenant's life, so they are cached if
/// this is the only process that can delete and recreate the tenant.
#[derive(Debug)]
pub(crate) struct Audiences {
    store: Store,
    cached: RwLock<HashMap<TenantId, Arc<[String]>>>,
}

impl Audiences {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, cached: RwLock::default() }
    }

    pub(crate) fn insertion(tenant: TenantId, names: &[String]) -> Statement {
        sql!("INSERT INTO audiences (tenant, names) VALUES ($1, $2)", tenant, serde_json::Value::from(names))
    }

    /// Returns the audiences; empty if there is no such tenant.
    pub(crate) async fn of(&self, tenant: TenantId) -> Result<Arc<[String]>, StoreError> {
        let cached = self.cached.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        if let Some(names) = cached {
            return Ok(names);
        }
        let row = self.store.row(sql!("SELECT names FROM audiences WHERE tenant = $1", tenant)).await?;
        let Some(row) = row else { return Ok(Arc::from([])) };
        let names: Arc<[String]> = row.json::<Vec<String>>("names")?.into();
        if self.store.is_exclusive() {
            let mut cached = self.cached.write().unwrap_or_else(PoisonError::into_inner);
            cached.insert(tenant, Arc::clone(&names));
        }
        Ok(names)
    }

    /// Returns the audience that is a client id, for challenges; the first one if none is.
    pub(crate) fn client_id(names: &[String]) -> String {
        let client_id = names.iter().find(|name| name.parse::<ClientId>().is_ok());
        client_id.or(names.first()).cloned().unwrap_or_default()
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.cached.write().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }
}
