//! Connections: list, show, create or update, delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_clock::ConnectionId;
use outlive_store::Change;
use outlive_wire::events::{ConnectionChanged, ConnectionCreated, ConnectionDeleted};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::access::{self, Right};
use super::paths::{GroupPath, ResourcePath};
use crate::Hub;
use crate::arm::{ApiReference, ArmRefusal, ControlCall, JsonBody, ResourceName, connection_id};
use crate::connection::{Connection, Status, key_purpose, resource, storage};
use crate::connector::{self, Authentication, Connector, Home, is_display_name};

/// The maximum number of connections in a response.
const PAGE_MAX: i64 = 100;

async fn read_resource(hub: &Hub, connection: &Connection) -> Result<Value, ArmRefusal> {
    let connector = hub.connector_of(connection).await?;
    Ok(resource(connection, &connector, hub.origin()))
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<GroupPath>,
) -> Result<Json<Value>, ArmRefusal> {
    if call.query.contains_key("$filter") {
        return Err(ArmRefusal::invalid("$filter is not supported on connections; use $top and $skiptoken."));
    }
    let top = match call.query.get("$top") {
        None => PAGE_MAX,
        Some(text) => text
            .parse()
            .ok()
            .filter(|top| (1..=PAGE_MAX).contains(top))
            .ok_or_else(|| ArmRefusal::invalid(format!("$top must be a number from 1 to {PAGE_MAX}.")))?,
    };
    let after = call.query.get("$skiptoken").cloned().unwrap_or_default();
    let reader = (!call.caller.acts_for_flows()).then_some(call.caller.oid);
    let mut found =
        storage::list(&hub.chassis.store, call.tenant, &path.group, reader, &after, top + 1).await?;
    let more = i64::try_from(found.len()).unwrap_or(i64::MAX) > top;
    if more {
        found.pop();
    }
    let mut value = Vec::with_capacity(found.len());
    for connection in &found {
        value.push(read_resource(&hub, connection).await?);
    }
    let mut page = json!({ "value": value });
    if let (true, Some(last)) = (more, found.last()) {
        page["nextLink"] = json!(format!(
            "{}/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Web/connections?api-version=2016-06-01&$top={top}\
             &$skiptoken={}",
            hub.origin(),
            call.tenant,
            path.group,
            last.name.to_ascii_lowercase()
        ));
    }
    Ok(Json(page))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?;
    Ok(Json(read_resource(&hub, &connection).await?))
}

#[derive(Deserialize)]
struct PutBody {
    properties: PutProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutProperties {
    display_name: Option<String>,
    api: Option<ApiId>,
    connection_state: Option<String>,
    #[serde(default)]
    parameter_values: Map<String, Value>,
}

#[derive(Deserialize)]
struct ApiId {
    id: String,
}

impl PutProperties {
    fn validate(self) -> Result<Self, ArmRefusal> {
        if let Some(name) = self.parameter_values.keys().next() {
            return Err(ArmRefusal::invalid(format!(
                "The connector has no parameter '{}'.",
                name.chars().take(80).collect::<String>()
            )));
        }
        if self.display_name.as_ref().is_some_and(|name| !is_display_name(name)) {
            return Err(ArmRefusal::invalid("properties.displayName must have 1 to 200 characters."));
        }
        Ok(self)
    }

    fn enabled(&self) -> Result<Option<bool>, ArmRefusal> {
        match self.connection_state.as_deref() {
            None => Ok(None),
            Some("Enabled") => Ok(Some(true)),
            Some("Disabled") => Ok(Some(false)),
            Some(_) => Err(ArmRefusal::invalid("properties.connectionState must be Enabled or Disabled.")),
        }
    }
}

pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let properties = body.read::<PutBody>()?.properties.validate()?;
    let existing = storage::find_by_name(&hub.chassis.store, call.tenant, &path.group, &path.name).await?;
    match existing {
        Some(connection) if connection.owner == call.caller.oid => {
            update(&hub, &call, connection, properties).await
        }
        Some(connection) => Err(access::refusal(&call, &connection)),
        None => create(&hub, &call, &path.group, &path.name, properties).await,
    }
}

async fn create(
    hub: &Hub,
    call: &ControlCall,
    group: &ResourceName,
    name: &ResourceName,
    properties: PutProperties,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let api = properties.api.as_ref().ok_or_else(|| ArmRefusal::invalid("properties.api.id is required."))?;
    let connector = connector(hub, call, &api.id).await?;
    let id = ConnectionId::generate(&mut hub.random(call.tenant, "connection-id"));
    let key: [u8; 32] = hub.random(call.tenant, "connection-key").bytes();
    let status = match connector.properties.authentication {
        Authentication::None => Status::Connected,
        Authentication::OAuth { .. } => Status::unauthenticated(),
    };
    let enabled = properties.enabled()?.unwrap_or(true);
    let connection = Connection {
        tenant: call.tenant,
        id,
        group: group.to_string(),
        name: name.to_string(),
        connector: connector.name.clone(),
        connector_version: connector.version.clone(),
        display_name: properties.display_name.unwrap_or_else(|| name.to_string()),
        owner: call.caller.oid,
        enabled,
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
    let mut change = Change::from(storage::insert(&connection));
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

async fn connector(hub: &Hub, call: &ControlCall, id: &str) -> Result<Connector, ArmRefusal> {
    let reference = ApiReference::parse(id)
        .map_err(|error| ArmRefusal::invalid(format!("properties.api.id: {error}.")))?;
    if reference.tenant != call.tenant {
        return Err(ArmRefusal::invalid("properties.api.id belongs to another subscription."));
    }
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
    mut connection: Connection,
    properties: PutProperties,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    if let Some(api) = &properties.api {
        let same = ApiReference::parse(&api.id)
            .is_ok_and(|api| api.tenant == call.tenant && api.name == connection.connector);
        if !same {
            return Err(ArmRefusal::new(
                StatusCode::CONFLICT,
                "Conflict",
                format!("The connection's API is '{}' and cannot be changed.", connection.connector),
            ));
        }
    }
    let enabled = properties.enabled()?;
    if let Some(name) = properties.display_name {
        connection.display_name = name;
    }
    connection.enabled = enabled.unwrap_or(connection.enabled);
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
