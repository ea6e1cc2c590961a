//! The owners of flows that use connections.

use outlive_clock::{ConnectionId, TenantId};
use outlive_store::{Change, Statement, Store, StoreError, sql};
use uuid::Uuid;

use super::Principal;

/// Whether a user owns a flow that is on the access list of a connection.
pub(crate) async fn own_any(
    store: &Store,
    tenant: TenantId,
    connection: ConnectionId,
    user: Uuid,
) -> Result<bool, StoreError> {
    let found = store
        .row(sql!(
            "SELECT o.owner AS owner FROM access_policies p \
             JOIN workflow_owners o ON o.tenant = p.tenant AND o.workflow = p.principal AND o.owner = $3 \
             WHERE p.tenant = $1 AND p.connection = $2 LIMIT 1",
            tenant,
            connection,
            user.to_string()
        ))
        .await?;
    Ok(found.is_some())
}

/// Whether a user owns this flow.
pub(crate) async fn owns(
    store: &Store,
    tenant: TenantId,
    flow: &Principal,
    user: Uuid,
) -> Result<bool, StoreError> {
    let found = store
        .row(sql!(
            "SELECT owner FROM workflow_owners WHERE tenant = $1 AND workflow = $2 AND owner = $3",
            tenant,
            flow.to_string(),
            user.to_string()
        ))
        .await?;
    Ok(found.is_some())
}

/// Replaces the owners of a flow.
pub(crate) fn replace(tenant: TenantId, flow: &Principal, owners: &[Uuid]) -> Change {
    let mut change = Change::from(delete(tenant, flow));
    for owner in owners {
        change.add(sql!(
            "INSERT INTO workflow_owners (tenant, workflow, owner) VALUES ($1, $2, $3) \
             ON CONFLICT (tenant, workflow, owner) DO NOTHING",
            tenant,
            flow.to_string(),
            owner.to_string()
        ));
    }
    change
}

/// Deletes the owners of a flow.
pub(crate) fn delete(tenant: TenantId, flow: &Principal) -> Statement {
    sql!("DELETE FROM workflow_owners WHERE tenant = $1 AND workflow = $2", tenant, flow.to_string())
}
