//! What the API is called in each tenant.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use outlive_clock::{ClientId, TenantId};
use outlive_store::{Statement, Store, StoreError, sql};

/// The audiences of every tenant. They never change while a tenant lives, so they are remembered where no other process could remove
/// the tenant and make it anew.
#[derive(Debug)]
pub(crate) struct Audiences {
    store: Store,
    remembered: RwLock<HashMap<TenantId, Arc<[String]>>>,
}

impl Audiences {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, remembered: RwLock::default() }
    }

    pub(crate) fn insertion(tenant: TenantId, names: &[String]) -> Statement {
        sql!("INSERT INTO audiences (tenant, names) VALUES ($1, $2)", tenant, serde_json::Value::from(names))
    }

    /// The names; none if there is no such tenant.
    pub(crate) async fn of(&self, tenant: TenantId) -> Result<Arc<[String]>, StoreError> {
        let known = self.remembered.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        if let Some(names) = known {
            return Ok(names);
        }
        let row = self.store.row(sql!("SELECT names FROM audiences WHERE tenant = $1", tenant)).await?;
        let Some(row) = row else { return Ok(Arc::from([])) };
        let names: Arc<[String]> = row.json::<Vec<String>>("names")?.into();
        if self.store.is_exclusive() {
            let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
            remembered.insert(tenant, Arc::clone(&names));
        }
        Ok(names)
    }

    /// The client id among the names, which challenges give; the first name if there is none.
    pub(crate) fn client_id(names: &[String]) -> String {
        let client_id = names.iter().find(|name| name.parse::<ClientId>().is_ok());
        client_id.or(names.first()).cloned().unwrap_or_default()
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.remembered.write().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }
}
