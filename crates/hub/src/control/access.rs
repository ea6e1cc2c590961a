//! Finds the connection of a call and checks the caller's rights.

use http::StatusCode;

use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall, ResourceName};
use crate::connection::{Connection, Principal, access_list, storage, workflow_owners};
use crate::connector::Connector;

/// What a caller needs to be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Read it: users who may sign in for it, and applications that act for flows.
    Read,
    /// Sign in for it: its owner, the principals on its access list, and the owners of flows on its
    /// access list.
    SignIn,
    /// Use it: its owner and the principals on its access list.
    Use,
    /// Change it or its access list: its owner.
    Manage,
}

/// Returns the connection in the path, if the caller has the right.
pub(super) async fn connection(
    hub: &Hub,
    call: &ControlCall,
    group: &ResourceName,
    name: &ResourceName,
    right: Right,
) -> Result<Connection, ArmRefusal> {
    let found = storage::find_by_name(&hub.chassis.store, call.tenant, group, name).await?.ok_or_else(|| {
        ArmRefusal::not_found(
            "ResourceNotFound",
            format!(
                "The resource 'Microsoft.Web/connections/{name}' under resource group '{group}' was not found."
            ),
        )
    })?;
    if has_right(hub, call, &found, right).await? { Ok(found) } else { Err(refusal(call, &found)) }
}

async fn has_right(
    hub: &Hub,
    call: &ControlCall,
    connection: &Connection,
    right: Right,
) -> Result<bool, ArmRefusal> {
    if connection.owner == call.caller.oid || (right == Right::Read && call.caller.acts_for_flows()) {
        return Ok(true);
    }
    if right == Right::Manage {
        return Ok(false);
    }
    let (store, principal) = (&hub.chassis.store, Principal::Object(call.caller.oid));
    if access_list::contains(store, call.tenant, connection.id, &principal).await? {
        return Ok(true);
    }
    let through_flow = matches!(right, Right::Read | Right::SignIn);
    Ok(through_flow && workflow_owners::own_any(store, call.tenant, connection.id, call.caller.oid).await?)
}

/// Rejects a sign-in that the owner of the connection does not ask for, while the owner has not
/// agreed to what the connector's maker changed.
pub(super) fn agreement(
    call: &ControlCall,
    connection: &Connection,
    connector: &Connector,
) -> Result<(), ArmRefusal> {
    if let Some(why) = connector.unusable() {
        return Err(ArmRefusal::invalid(why));
    }
    match connection.disagreement(connector) {
        Some(why) if connection.owner != call.caller.oid => Err(ArmRefusal::forbidden(why)),
        _ => Ok(()),
    }
}

/// The error for a caller without the right.
pub(super) fn refusal(call: &ControlCall, connection: &Connection) -> ArmRefusal {
    ArmRefusal::new(
        StatusCode::FORBIDDEN,
        "ConnectionAuthorizationFailed",
        format!(
            "The caller with object id '{}' does not have the minimum required permission to perform the requested \
             operation on connection '{}' under API '{}'.",
            call.caller.oid, connection.name, connection.connector
        ),
    )
}
