//! Rows of the table `flow_ids`: every id that a flow ever had, and whether its deletion was
//! reported to the hub.

use outlive_clock::TenantId;
use outlive_store::{Statement, Store, StoreError, sql};

use crate::ids::FlowId;

/// The maximum number of deleted flows that are read at a time.
const READ_MAX: u32 = 50;

/// Inserts the id of a new flow. Conflicts if a flow has or had it.
pub(crate) fn insert(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("INSERT INTO flow_ids (tenant, id, state) VALUES ($1, $2, 'used')", tenant, flow)
}

/// Whether a flow has or had the id.
pub(crate) async fn exists(store: &Store, tenant: TenantId, flow: FlowId) -> Result<bool, StoreError> {
    let row = store.row(sql!("SELECT id FROM flow_ids WHERE tenant = $1 AND id = $2", tenant, flow)).await?;
    Ok(row.is_some())
}

/// Records that the flow is deleted and not yet reported.
pub(crate) fn mark_deleted(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("UPDATE flow_ids SET state = 'deleted' WHERE tenant = $1 AND id = $2", tenant, flow)
}

/// Records that the hub has withdrawn the flow's access.
pub(crate) fn mark_withdrawn(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("UPDATE flow_ids SET state = 'withdrawn' WHERE tenant = $1 AND id = $2", tenant, flow)
}

/// Reads deleted flows that are not yet reported, and need no access any more to end a
/// subscription.
pub(crate) async fn list_pending(store: &Store, tenant: TenantId) -> Result<Vec<FlowId>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT id FROM flow_ids WHERE tenant = $1 AND state = 'deleted' AND NOT EXISTS \
             (SELECT 1 FROM subscriptions s WHERE s.tenant = $1 AND s.flow = flow_ids.id) ORDER BY id LIMIT $2",
            tenant,
            READ_MAX
        ))
        .await?;
    rows.iter().map(|row| row.parse("id")).collect()
}
