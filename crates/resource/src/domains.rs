//! The domain of each tenant, by which a user name tells its tenant.

use outlive_clock::TenantId;
use outlive_store::{Statement, Store, StoreError, sql};

/// Inserts the domain of a new tenant.
pub(crate) fn insert(tenant: TenantId, domain: &str) -> Statement {
    sql!("INSERT INTO domains (tenant, domain) VALUES ($1, $2)", tenant, domain.to_lowercase())
}

/// Returns the tenant of a user name (`owner@contoso.example`).
pub(crate) async fn find_tenant(store: &Store, user_name: &str) -> Result<Option<TenantId>, StoreError> {
    let Some((_, domain)) = user_name.rsplit_once('@') else { return Ok(None) };
    let row = store.row(sql!("SELECT tenant FROM domains WHERE domain = $1", domain.to_lowercase())).await?;
    row.map(|row| row.parse("tenant")).transpose()
}
