//! Connections: list, show, create, change, delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_clock::ConnectionId;
use outlive_store::Change;
use outlive_wire::events::{ConnectionChanged, ConnectionCreated, ConnectionDeleted};
use serde_json::Value;

use super::access::{self, Right};
use super::connection_body::ConnectionBody;
use super::listing::Page;
use super::paths::{GroupPath, ResourcePath};
use crate::Hub;
use crate::arm::{ApiReference, ArmRefusal, ControlCall, JsonBody, ResourceName, connection_id};
use crate::connection::{Connection, Status, key_purpose, resource, storage};
use crate::connector::{self, Authentication, Connector, GrantType, Home, ParameterValues, api_reference};

async fn read_resource(hub: &Hub, connection: &Connection) -> Result<Value, ArmRefusal> {
    let connector = hub.connector_of(connection).await?;
    Ok(resource(connection, &connector, hub.origin()))
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<GroupPath>,
) -> Result<Json<Value>, ArmRefusal> {
    list_in(&hub, &call, Some(&path.group)).await
}

pub(super) async fn list_all(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
) -> Result<Json<Value>, ArmRefusal> {
    list_in(&hub, &call, None).await
}

/// Lists the connections of a resource group, or of the subscription.
async fn list_in(
    hub: &Hub,
    call: &ControlCall,
    group: Option<&ResourceName>,
) -> Result<Json<Value>, ArmRefusal> {
    let mut page = Page::of(call)?;
    let reader = (!call.caller.acts_for_flows()).then_some(call.caller.oid);
    'rows: loop {
        let rows =
            storage::list(&hub.chassis.store, call.tenant, group, reader, &page.after, Page::ROWS).await?;
        let end = i64::try_from(rows.len()).unwrap_or(i64::MAX) < Page::ROWS;
        for connection in &rows {
            let resource = read_resource(hub, connection).await?;
            if !page.add(&connection.group, &connection.name, resource) {
                break 'rows;
            }
        }
        if end {
            break;
        }
    }
    let of_group = group.map(|group| format!("/resourceGroups/{group}")).unwrap_or_default();
    let url = format!(
        "{}/subscriptions/{}{of_group}/providers/Microsoft.Web/connections",
        hub.origin(),
        call.tenant
    );
    Ok(Json(page.response(&url, call)))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?;
    Ok(Json(read_resource(&hub, &connection).await?))
}

pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let existing = storage::find_by_name(&hub.chassis.store, call.tenant, &path.group, &path.name).await?;
    match existing {
        Some(connection) if connection.owner == call.caller.oid => {
            update(&hub, &call, &path, connection, body).await
        }
        Some(connection) => Err(access::refusal(&call, &connection)),
        None => create(&hub, &call, &path, body).await,
    }
}

pub(super) async fn patch(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Manage).await?;
    update(&hub, &call, &path, connection, body).await
}

async fn create(
    hub: &Hub,
    call: &ControlCall,
    path: &ResourcePath,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let (group, name) = (&path.group, &path.name);
    let mut body = ConnectionBody::read(body, call, path, None);
    let reference = match &body.api {
        None => Err("it is required".to_owned()),
        Some(api) => match ApiReference::parse(&api.id) {
            Err(error) => Err(error.to_string()),
            Ok(reference) if reference.tenant != call.tenant => {
                Err("it belongs to another subscription".to_owned())
            }
            Ok(reference) => Ok(reference),
        },
    };
    let reference = match reference {
        Ok(reference) => reference,
        Err(why) => {
            body.mistake("properties.api.id", &why);
            body.check()?;
            return Err(ArmRefusal::invalid(why));
        }
    };
    let found = connector(hub, call, &reference).await;
    if let Ok(connector) = &found {
        body.compare_api(&api_reference(connector, call.tenant));
    }
    body.check()?;
    let connector = found?;
    let id = ConnectionId::generate(&mut hub.random(call.tenant, "connection-id"));
    let key: [u8; 32] = hub.random(call.tenant, "connection-key").bytes();
    let status = match &connector.properties.authentication {
        Authentication::None => Status::Connected,
        // No user signs in: the application's own credentials are used when a call needs a token.
        Authentication::OAuth { settings, .. }
            if settings.grant_type(&ParameterValues::default()) == GrantType::ClientCredentials =>
        {
            Status::Connected
        }
        Authentication::OAuth { .. } => Status::unauthenticated(),
    };
    let connection = Connection {
        tenant: call.tenant,
        id,
        group: group.to_string(),
        name: name.to_string(),
        connector: connector.name.clone(),
        connector_version: connector.version.clone(),
        display_name: body.display_name.unwrap_or_else(|| name.to_string()),
        owner: call.caller.oid,
        enabled: body.enabled.unwrap_or(true),
        status,
        authenticated_user: None,
        key_sealed: hub.chassis.sealer.seal(
            &key_purpose(call.tenant, id),
            &key,
            &mut hub.random(call.tenant, "seal-connection-key"),
        ),
        created: call.now,
        changed: call.now,
        revision: 1,
    };
    let mut change = Change::from(connector::storage::keep(call.tenant, &connector.name));
    change.add(storage::insert(&connection));
    let payload = ConnectionCreated {
        connector: connector.name.to_string(),
        status: connection.status.overall().to_owned(),
        resource: connection_id(call.tenant, group.as_str(), name.as_str()),
        caller: call.caller.oid,
    };
    change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
    hub.chassis.store.commit(change).await?;
    Ok((StatusCode::CREATED, Json(resource(&connection, &connector, hub.origin()))))
}

async fn connector(hub: &Hub, call: &ControlCall, reference: &ApiReference) -> Result<Connector, ArmRefusal> {
    let missing = || ArmRefusal::not_found("ApiNotFound", format!("There is no API '{}'.", reference.name));
    let stored =
        connector::storage::find(&hub.chassis.store, &hub.chassis.sealer, call.tenant, &reference.name)
            .await?
            .ok_or_else(missing)?;
    let at_home = match (&stored.connector.home, &reference.group) {
        (Home::Managed, None) => true,
        (Home::Custom { group }, Some(named)) => group.eq_ignore_ascii_case(named.as_str()),
        _ => false,
    };
    if at_home { Ok(stored.connector) } else { Err(missing()) }
}

async fn update(
    hub: &Hub,
    call: &ControlCall,
    path: &ResourcePath,
    mut connection: Connection,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let connector = hub.connector_of(&connection).await?;
    let current = resource(&connection, &connector, hub.origin());
    let mut body = ConnectionBody::read(body, call, path, Some(&current));
    let same = body.api.as_ref().is_none_or(|api| {
        ApiReference::parse(&api.id)
            .is_ok_and(|api| api.tenant == call.tenant && api.name == connection.connector)
    });
    if same {
        body.compare_api(&current["properties"]["api"]);
    }
    body.check()?;
    if !same {
        return Err(ArmRefusal::new(
            StatusCode::CONFLICT,
            "Conflict",
            format!("The connection's API is '{}' and cannot be changed.", connection.connector),
        ));
    }
    if let Some(name) = body.display_name {
        connection.display_name = name;
    }
    connection.enabled = body.enabled.unwrap_or(connection.enabled);
    connection.changed = call.now;
    let mut change = Change::from(storage::update(&connection));
    let state = if connection.enabled { "Enabled" } else { "Disabled" };
    let payload = ConnectionChanged { state: state.to_owned(), caller: call.caller.oid };
    change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
    hub.chassis.store.commit(change).await?;
    Ok((StatusCode::OK, Json(read_resource(hub, &connection).await?)))
}

pub(super) async fn delete(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
) -> Result<StatusCode, ArmRefusal> {
    let connection = match access::connection(&hub, &call, &path.group, &path.name, Right::Manage).await {
        Ok(connection) => connection,
        Err(refusal) if refusal.status() == StatusCode::NOT_FOUND => return Ok(StatusCode::NO_CONTENT),
        Err(refusal) => return Err(refusal),
    };
    let mut change = storage::delete(call.tenant, connection.id);
    let payload = ConnectionDeleted { caller: call.caller.oid };
    change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
    hub.chassis.store.commit(change).await?;
    Ok(StatusCode::OK)
}
