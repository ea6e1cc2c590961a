//! Every id that a flow ever had, and whether the hub knows that a flow is deleted.

use outlive_clock::TenantId;
use outlive_store::{Statement, Store, StoreError, sql};

use crate::ids::FlowId;

/// Most deleted flows that are read at a time.
const READ_MAX: u32 = 50;

/// Takes an id for a new flow; conflicts if a flow, deleted or not, has or had it.
pub(crate) fn insertion(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("INSERT INTO flow_ids (tenant, id, state) VALUES ($1, $2, 'used')", tenant, flow)
}

/// The flow is deleted; the hub does not know it yet.
pub(crate) fn deleted(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("UPDATE flow_ids SET state = 'deleted' WHERE tenant = $1 AND id = $2", tenant, flow)
}

/// The hub has withdrawn what was granted to the flow.
pub(crate) fn withdrawn(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("UPDATE flow_ids SET state = 'withdrawn' WHERE tenant = $1 AND id = $2", tenant, flow)
}

/// Deleted flows that the hub does not know of yet.
pub(crate) async fn unreported(store: &Store, tenant: TenantId) -> Result<Vec<FlowId>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT id FROM flow_ids WHERE tenant = $1 AND state = 'deleted' ORDER BY id LIMIT $2",
            tenant,
            READ_MAX
        ))
        .await?;
    rows.iter().map(|row| row.parse("id")).collect()
}
