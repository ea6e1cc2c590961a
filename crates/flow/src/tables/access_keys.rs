//! Rows of the table `access_keys`: the keys that sign the callback URLs of a flow, sealed.

use outlive_clock::TenantId;
use outlive_store::{Statement, Store, StoreError, sql};

use crate::ids::FlowId;

/// Inserts the keys of a flow. Conflicts if it has some.
pub(crate) fn insert(tenant: TenantId, flow: FlowId, sealed: &str) -> Statement {
    sql!("INSERT INTO access_keys (tenant, flow, sealed) VALUES ($1, $2, $3)", tenant, flow, sealed)
}

/// Replaces the keys of a flow. Conflicts if they are no longer `before`.
pub(crate) fn replace(tenant: TenantId, flow: FlowId, before: &str, sealed: &str) -> Statement {
    sql!(
        "UPDATE access_keys SET sealed = $4 WHERE tenant = $1 AND flow = $2 AND sealed = $3",
        tenant,
        flow,
        before,
        sealed
    )
    .expect_rows(1)
}

pub(crate) async fn find(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
) -> Result<Option<String>, StoreError> {
    let row = store
        .row(sql!("SELECT sealed FROM access_keys WHERE tenant = $1 AND flow = $2", tenant, flow))
        .await?;
    row.map(|row| row.text("sealed")).transpose()
}
