//! Connections: list, show, create, change, delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use outlive_clock::ConnectionId;
use outlive_store::Change;
use outlive_wire::events::{ConnectionChanged, ConnectionCreated, ConnectionDeleted};
use serde_json::Value;

use super::access::{self, Right};
use super::connection_body::ConnectionBody;
use super::connection_values::{CurrentValues, ResolvedValues};
use super::listing::{Listed, Page};
use super::paths::{GroupPath, ResourcePath};
use crate::Hub;
use crate::arm::{ApiReference, ArmPath, ArmRefusal, ControlCall, JsonBody, ResourceName, connection_id};
use crate::connection::{Connection, Status, Values, key_purpose, missing_credential, storage};
use crate::connector::{self, ApiProperties, Authentication, Connector, GrantType, Home, api_reference};

async fn read_resource(hub: &Hub, connection: &Connection) -> Result<Value, ArmRefusal> {
    let connector = hub.connector_of(connection).await?;
    Ok(hub.shown(connection, &connector))
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<GroupPath>,
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
    loop {
        let rows =
            storage::list(&hub.chassis.store, call.tenant, group, reader, &page.after, page.rows()).await?;
        let mut listed = Vec::new();
        for connection in &rows {
            let resource = read_resource(hub, connection).await?;
            listed.push(Listed(&connection.group, &connection.name, resource));
        }
        if !page.add_all(listed) {
            break;
        }
    }
    Ok(Json(page.response(hub.origin(), call, group, "connections")))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?;
    Ok(Json(read_resource(&hub, &connection).await?))
}

pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let existing = storage::find_by_name(&hub.chassis.store, call.tenant, &path.group, &path.name).await?;
    match existing {
        Some(connection) if connection.owner == call.caller.oid => {
            update(&hub, &call, &path, connection, body, true).await
        }
        Some(connection) => Err(access::refusal(&call, &connection)),
        None => create(&hub, &call, &path, body).await,
    }
}

pub(super) async fn patch(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Manage).await?;
    update(&hub, &call, &path, connection, body, false).await
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
    let found = found.map(|connector| {
        body.compare_api(&api_reference(&connector, call.tenant));
        let resolved = body.resolve_values(&connector.properties, None);
        (connector, resolved)
    });
    body.check()?;
    let (mut connector, ResolvedValues { set, properties, values, .. }) = found?;
    connector.properties = properties;
    let id = ConnectionId::generate(&mut hub.random(call.tenant, "connection-id"));
    let key: [u8; 32] = hub.random(call.tenant, "connection-key").bytes();
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
        status: initial_status(&connector, &connector.properties, &values),
        values: values.seal(
            set,
            &connector.properties.parameters,
            &hub.chassis.sealer,
            (call.tenant, id),
            &mut hub.random(call.tenant, "seal-connection-values"),
        ),
        authenticated_user: None,
        key_sealed: hub.chassis.sealer.seal(
            &key_purpose(call.tenant, id),
            &key,
            &mut hub.random(call.tenant, "seal-connection-key"),
        ),
        created: call.now,
        changed: call.now,
        revision: 1,
        tokens_revision: 1,
        destinations: Some(connector.destinations.to_string()),
        tokens_sealed: None,
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
    Ok((StatusCode::CREATED, Json(hub.shown(&connection, &connector))))
}

/// The status of a connection before any sign-in.
fn initial_status(connector: &Connector, properties: &ApiProperties, values: &Values) -> Status {
    if let Some(why) = missing_credential(connector, properties, values) {
        return Status::Unauthenticated(why);
    }
    match &properties.authentication {
        // Tokens of a managed identity come with each call.
        Authentication::None | Authentication::ManagedIdentity { .. } => Status::Connected,
        // No user signs in: the application's own credentials are used when a call needs a token.
        Authentication::OAuth { settings, .. }
            if settings.grant_type(&values.of_parameters(&properties.parameters))
                == GrantType::ClientCredentials =>
        {
            Status::Connected
        }
        Authentication::OAuth { .. } => Status::unauthenticated(),
    }
}

/// Whether a value changes on which the tokens of a connection depend.
fn depends_on_changes(before: (&ApiProperties, &Values), after: (&ApiProperties, &Values)) -> bool {
    let text = |(properties, values): (&ApiProperties, &Values), name: &str| {
        values.text(&properties.parameters, name)
    };
    let names = before.0.parameters.iter().chain(&after.0.parameters).map(|parameter| &parameter.name);
    names
        .filter(|name| before.0.tokens_depend_on(name) || after.0.tokens_depend_on(name))
        .any(|name| text(before, name) != text(after, name))
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
    if !at_home {
        return Err(missing());
    }
    match stored.connector.unusable() {
        None => Ok(stored.connector),
        Some(why) => Err(ArmRefusal::invalid(why)),
    }
}

async fn update(
    hub: &Hub,
    call: &ControlCall,
    path: &ResourcePath,
    mut connection: Connection,
    body: JsonBody,
    replaced: bool,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let connector = hub.connector_of(&connection).await?;
    let current = hub.shown(&connection, &connector);
    let mut body = ConnectionBody::read(body, call, path, Some(&current));
    let same = body.api.as_ref().is_none_or(|api| {
        ApiReference::parse(&api.id)
            .is_ok_and(|api| api.tenant == call.tenant && api.name == connection.connector)
    });
    if same {
        body.compare_api(&current["properties"]["api"]);
    }
    // Who gives values agrees to where they are sent. A PUT of a connection without secret values
    // discards all that it stores.
    let agrees = body.has_values() || (replaced && connection.values.secrets_sealed.is_none());
    let moved = agrees && connection.disagreement(&connector).is_some();
    let opened =
        if moved || body.has_values() { hub.values_of(&connection).ok() } else { Some(Values::default()) };
    // Secrets that do not open are given again; the others stay.
    let is_unreadable = opened.is_none();
    let before = opened.unwrap_or_else(|| Values(connection.values.plain.clone()));
    let resolved = match connector.unusable() {
        Some(why) if body.has_values() => {
            body.mistake("properties.api", why);
            None
        }
        None if body.has_values() => {
            let stored = &connection.values;
            let sealed = before.0.keys().filter(|name| stored.seals(&before, name)).cloned().collect();
            let current = CurrentValues {
                set: stored.set.clone(),
                values: before.clone(),
                sealed,
                is_unreadable,
                replaced,
            };
            Some(body.resolve_values(&connector.properties, Some(current)))
        }
        _ => None,
    };
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
    let values = resolved.is_some();
    let secret = resolved.as_ref().map(|resolved| resolved.gives_secret);
    let mut after = Change::new();
    let changed = resolved.as_ref().is_some_and(|after| {
        after.set != connection.values.set
            || depends_on_changes((&connector.properties, &before), (&after.properties, &after.values))
    });
    if moved || changed {
        let status = match &resolved {
            Some(after) => initial_status(&connector, &after.properties, &after.values),
            None => initial_status(&connector, &connector.properties, &before),
        };
        after = storage::discard_tokens(call.tenant, connection.id);
        after.add(match &status {
            Status::Connected => storage::set_connected(call.tenant, connection.id, None, call.now),
            status => storage::set_status(call.tenant, connection.id, status, call.now),
        });
        connection.authenticated_user = None;
        connection.tokens_sealed = None;
        connection.status = status;
    }
    // Values that are given again may be correct now.
    if let Some(after_values) = &resolved
        && connection.status != Status::Connected
        && initial_status(&connector, &after_values.properties, &after_values.values) == Status::Connected
    {
        after.add(storage::set_connected(call.tenant, connection.id, None, call.now));
        connection.status = Status::Connected;
    }
    if agrees && connector.faults.is_empty() {
        let destinations = connector.destinations.to_string();
        after.add(storage::agree(call.tenant, connection.id, destinations.clone()));
        connection.destinations = Some(destinations);
    }
    if let Some(ResolvedValues { set, properties, values, .. }) = resolved {
        connection.values = values.seal(
            set,
            &properties.parameters,
            &hub.chassis.sealer,
            (call.tenant, connection.id),
            &mut hub.random(call.tenant, "seal-connection-values"),
        );
        after.add(storage::replace_values(&connection));
    }
    let mut change = Change::from(storage::update(&connection));
    change.append(after);
    let state = if connection.enabled { "Enabled" } else { "Disabled" };
    let payload = ConnectionChanged { state: state.to_owned(), values, secret, caller: call.caller.oid };
    change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
    hub.chassis.store.commit(change).await?;
    Ok((StatusCode::OK, Json(read_resource(hub, &connection).await?)))
}

pub(super) async fn delete(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
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
