//! Rows of the table `grants_due`: saved versions of flows whose connections were not yet reported
//! to the hub.

use outlive_clock::TenantId;
use outlive_store::{Statement, Store, StoreError, sql};

use crate::ids::FlowId;

/// The maximum number of flows that are read at a time.
const READ_MAX: u32 = 50;

/// Records that the connections of a version have to be reported.
pub(crate) fn insert(tenant: TenantId, flow: FlowId, version: i64) -> Statement {
    sql!(
        "INSERT INTO grants_due (tenant, flow, version) VALUES ($1, $2, $3) ON CONFLICT (tenant, flow, version) DO NOTHING",
        tenant,
        flow,
        version
    )
}

/// Records that the connections of a version, or of a later one, were reported.
pub(crate) fn delete(tenant: TenantId, flow: FlowId, version: i64) -> Statement {
    sql!("DELETE FROM grants_due WHERE tenant = $1 AND flow = $2 AND version = $3", tenant, flow, version)
}

/// Deletes all rows of a flow.
pub(crate) fn delete_all(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("DELETE FROM grants_due WHERE tenant = $1 AND flow = $2", tenant, flow)
}

/// Reads the versions of a flow whose connections have to be reported.
pub(crate) async fn versions(store: &Store, tenant: TenantId, flow: FlowId) -> Result<Vec<i64>, StoreError> {
    let rows = store
        .rows(sql!("SELECT version FROM grants_due WHERE tenant = $1 AND flow = $2", tenant, flow))
        .await?;
    rows.iter().map(|row| row.int("version")).collect()
}

/// Reads the flows after `after` whose connections have to be reported.
pub(crate) async fn list(store: &Store, tenant: TenantId, after: &str) -> Result<Vec<FlowId>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT DISTINCT flow FROM grants_due WHERE tenant = $1 AND flow > $2 ORDER BY flow LIMIT $3",
            tenant,
            after,
            READ_MAX
        ))
        .await?;
    rows.iter().map(|row| row.parse("flow")).collect()
}
