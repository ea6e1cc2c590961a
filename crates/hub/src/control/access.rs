//! Which connection a call is about, and whether its caller may do that to it.

use http::StatusCode;

use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall, ResourceName};
use crate::connection::{Connection, Principal, access_list, storage};

/// What a caller wants of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To know of it: its owner, whoever is on its access list, and applications that act for flows.
    See,
    /// To sign in for it or to use it: its owner and whoever is on its access list.
    Use,
    /// To change it or its access list: its owner.
    Manage,
}

/// The connection in the path, if the caller may do what it wants.
pub(super) async fn connection(
    hub: &Hub,
    call: &ControlCall,
    group: &ResourceName,
    name: &ResourceName,
    wish: Wish,
) -> Result<Connection, ArmRefusal> {
    let found = storage::by_name(&hub.chassis.store, call.tenant, group, name).await?.ok_or_else(|| {
        ArmRefusal::not_found(
            "ResourceNotFound",
            format!(
                "The resource 'Microsoft.Web/connections/{name}' under resource group '{group}' was not found."
            ),
        )
    })?;
    if may(hub, call, &found, wish).await? { Ok(found) } else { Err(refusal(call, &found)) }
}

async fn may(hub: &Hub, call: &ControlCall, connection: &Connection, wish: Wish) -> Result<bool, ArmRefusal> {
    if connection.owner == call.caller.oid || (wish == Wish::See && call.caller.acts_for_flows()) {
        return Ok(true);
    }
    if wish == Wish::Manage {
        return Ok(false);
    }
    let principal = Principal::Object(call.caller.oid);
    Ok(access_list::names(&hub.chassis.store, call.tenant, connection.id, &principal).await?)
}

/// The refusal of somebody who lacks the right on a connection.
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
