//! Rows of the table `plans`: the plans of users by which their flows expire.

use outlive_clock::{TenantId, UserId};
use outlive_store::{Statement, Store, StoreError, sql};

pub(crate) fn insert(tenant: TenantId, user: UserId, plan: &str) -> Statement {
    sql!(
        "INSERT INTO plans (tenant, principal, plan) VALUES ($1, $2, $3) ON CONFLICT (tenant, principal) DO NOTHING",
        tenant,
        user,
        plan
    )
}

/// Whether the flows of a user expire.
pub(crate) async fn contains(store: &Store, tenant: TenantId, user: UserId) -> Result<bool, StoreError> {
    let found =
        store.row(sql!("SELECT plan FROM plans WHERE tenant = $1 AND principal = $2", tenant, user)).await?;
    Ok(found.is_some())
}
