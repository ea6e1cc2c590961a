//! The audiences of the API in each tenant.

use std::sync::Arc;

use outlive_clock::{ClientId, TenantId};
use outlive_store::{Statement, Store, StoreError, sql};
use quick_cache::sync::Cache;

/// The maximum number of tenants whose audiences are cached.
const TENANTS_MAX: usize = 10_000;

/// The audiences of every tenant. They never change during a tenant's life, so they are cached if
/// this is the only process that can delete and recreate the tenant.
#[derive(Debug)]
pub(crate) struct Audiences {
    store: Store,
    cached: Cache<TenantId, Arc<[String]>>,
}

impl Audiences {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, cached: Cache::new(TENANTS_MAX) }
    }

    pub(crate) fn insert(tenant: TenantId, names: &[String]) -> Statement {
        sql!("INSERT INTO audiences (tenant, names) VALUES ($1, $2)", tenant, serde_json::Value::from(names))
    }

    /// Returns the audiences; empty if there is no such tenant.
    pub(crate) async fn of(&self, tenant: TenantId) -> Result<Arc<[String]>, StoreError> {
        if let Some(names) = self.cached.get(&tenant) {
            return Ok(names);
        }
        let row = self.store.row(sql!("SELECT names FROM audiences WHERE tenant = $1", tenant)).await?;
        let Some(row) = row else { return Ok(Arc::from([])) };
        let names: Arc<[String]> = row.json::<Vec<String>>("names")?.into();
        if self.store.is_exclusive() {
            self.cached.insert(tenant, Arc::clone(&names));
        }
        Ok(names)
    }

    /// Returns the audience that is a client id, for challenges; the first one if none is.
    pub(crate) fn client_id(names: &[String]) -> String {
        let client_id = names.iter().find(|name| name.parse::<ClientId>().is_ok());
        client_id.or(names.first()).cloned().unwrap_or_default()
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.cached.remove(&tenant);
    }
}
