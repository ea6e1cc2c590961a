//! Which tenant and which connection a request names, for faults. Nothing is verified.

use http::request::Parts;
use outlive_chassis::NamedConnection;
use outlive_clock::{ConnectionId, TenantId};

use crate::Hub;
use crate::arm::ResourceName;
use crate::connection::storage;
use crate::consent;

/// Returns the tenant of a sign-in. In all other requests the tenant is in the path or the token.
pub(crate) fn tenant_of(hub: &Hub, request: &Parts) -> Option<TenantId> {
    consent::attempt_of(hub, request).map(|(tenant, _)| tenant)
}

/// Returns the connection that a request calls, manages or signs in for.
pub(crate) async fn connection_of(hub: &Hub, tenant: TenantId, request: &Parts) -> Option<NamedConnection> {
    let path = request.uri.path();
    let segments: Vec<_> = path.strip_prefix('/')?.splitn(9, '/').collect();
    match segments.as_slice() {
        ["apim", _, id, ..] => by_id(hub, tenant, id.parse().ok()?).await,
        [
            "subscriptions",
            _,
            "resourceGroups",
            group,
            "providers",
            "Microsoft.Web",
            "connections",
            name,
            ..,
        ] => by_name(hub, tenant, &resource_name(group)?, &resource_name(name)?).await,
        _ => {
            let (of, id) = consent::attempt_of(hub, request)?;
            let connection = consent::connection_of_attempt(hub, of, id).await?;
            by_id(hub, tenant, connection).await
        }
    }
}

async fn by_id(hub: &Hub, tenant: TenantId, id: ConnectionId) -> Option<NamedConnection> {
    let found = storage::find(&hub.chassis.store, tenant, id).await;
    let name = found.ok().flatten().map(|(connection, _)| connection.name);
    Some(NamedConnection { id: Some(id.to_string()), name })
}

async fn by_name(
    hub: &Hub,
    tenant: TenantId,
    group: &ResourceName,
    name: &ResourceName,
) -> Option<NamedConnection> {
    let found = storage::find_by_name(&hub.chassis.store, tenant, group, name).await;
    // One that is being created has a name only.
    let id = found.ok().flatten().map(|connection| connection.id.to_string());
    Some(NamedConnection { id, name: Some(name.as_str().to_owned()) })
}

fn resource_name(segment: &str) -> Option<ResourceName> {
    percent_encoding::percent_decode_str(segment).decode_utf8().ok()?.parse().ok()
}
