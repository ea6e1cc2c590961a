//! Custom APIs: connectors that users register.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_store::Change;
use outlive_wire::events::{ConnectionDeleted, ConnectorChanged, ConnectorCreated, ConnectorDeleted};
use outlive_wire::{JournalEvent, Subject};
use serde_json::Value;

use super::custom_api_body::{self, Current};
use super::listing::{Listed, Page};
use super::paths::{GroupPath, NamePath, ResourcePath};
use crate::arm::{ArmPath, ArmRefusal, ControlCall, JsonBody, ResourceName};
use crate::client_key::ClientKeys;
use crate::connector::storage::{self, Registration, Stored};
use crate::connector::{ConnectorName, Draft, Home, custom_api, takes_certificate};
use crate::key_renewal::{NewKeys, renew_keys};
use crate::{Hub, connection};

async fn find(hub: &Hub, call: &ControlCall, name: &ConnectorName) -> Result<Option<Stored>, ArmRefusal> {
    Ok(storage::find(&hub.chassis.store, &hub.chassis.sealer, call.tenant, name).await?)
}

fn is_in(stored: &Stored, group: &str) -> bool {
    matches!(&stored.connector.home, Home::Custom { group: home } if home.eq_ignore_ascii_case(group))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
) -> Result<Json<Value>, ArmRefusal> {
    let name = path.name.as_str().parse::<ConnectorName>();
    let name = name.map_err(|error| missing().caused_by(error))?;
    let stored = find(&hub, &call, &name).await?.filter(|stored| is_in(stored, path.group.as_str()));
    Ok(Json(custom_api(&stored.ok_or_else(missing)?, call.tenant, hub.origin())))
}

/// Returns the custom API of a name that is in any resource group: names are unique in a tenant. A
/// flow's definition has the name only.
pub(super) async fn show_by_name(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<NamePath>,
) -> Result<Json<Value>, ArmRefusal> {
    let name = path.name.as_str().parse::<ConnectorName>();
    let name = name.map_err(|error| missing().caused_by(error))?;
    let stored = find(&hub, &call, &name).await?;
    let stored = stored.filter(|stored| stored.connector.home != Home::Managed).ok_or_else(missing)?;
    Ok(Json(custom_api(&stored, call.tenant, hub.origin())))
}

/// Lists the custom APIs of a resource group.
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<GroupPath>,
) -> Result<Json<Value>, ArmRefusal> {
    list_in(&hub, &call, Some(&path.group)).await
}

/// Lists the custom APIs of the subscription.
pub(super) async fn list_all(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
) -> Result<Json<Value>, ArmRefusal> {
    list_in(&hub, &call, None).await
}

async fn list_in(
    hub: &Hub,
    call: &ControlCall,
    group: Option<&ResourceName>,
) -> Result<Json<Value>, ArmRefusal> {
    let mut page = Page::of(call)?;
    let (store, sealer) = (&hub.chassis.store, &hub.chassis.sealer);
    loop {
        let rows =
            storage::list_custom_apis(store, sealer, call.tenant, group, &page.after, page.rows()).await?;
        let listed = rows.iter().map(|stored| {
            let resource = custom_api(stored, call.tenant, hub.origin());
            Listed(stored.connector.home.group(), stored.connector.name.as_str(), resource)
        });
        if !page.add_all(listed.collect()) {
            break;
        }
    }
    Ok(Json(page.response(hub.origin(), call, group, "customApis")))
}

pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let name: ConnectorName = path
        .name
        .as_str()
        .parse()
        .map_err(|error| ArmRefusal::invalid(format!("The name in the path is not valid: {error}.")))?;
    if !call.caller.is_user() {
        return Err(ArmRefusal::forbidden("Only users can create custom APIs."));
    }
    let existing = find(&hub, &call, &name).await?;
    let owned = |stored: &Stored| stored.owner == Some(call.caller.oid) && is_in(stored, path.group.as_str());
    if existing.as_ref().is_some_and(|stored| !owned(stored)) {
        return Err(Problem::conflict(format!("Another API of this tenant has the name '{name}'.")).into());
    }
    let resource = existing.as_ref().map(|stored| custom_api(stored, call.tenant, hub.origin()));
    let current =
        existing.as_ref().zip(resource.as_ref()).map(|(stored, resource)| current(stored, resource));
    let draft = custom_api_body::read(body, &call, &path, &name, current.as_ref(), None)?;
    let status = if existing.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, write(&hub, &call, &path, &name, &draft, existing.as_ref()).await?))
}

pub(super) async fn patch(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
    body: JsonBody,
) -> Result<Json<Value>, ArmRefusal> {
    let stored = find_for_maker(&hub, &call, &path).await?.ok_or_else(missing)?;
    let resource = custom_api(&stored, call.tenant, hub.origin());
    let current = current(&stored, &resource);
    let name = &stored.connector.name;
    let draft = custom_api_body::read(body, &call, &path, name, Some(&current), Some(&current))?;
    write(&hub, &call, &path, name, &draft, Some(&stored)).await
}

/// Deletes a custom API with all connections to it.
pub(super) async fn delete(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
) -> Result<StatusCode, ArmRefusal> {
    let mut attempt = 1;
    loop {
        let Some(stored) = find_for_maker(&hub, &call, &path).await? else {
            return Ok(StatusCode::NO_CONTENT);
        };
        let name = &stored.connector.name;
        let connections = connection::storage::of_connector(&hub.chassis.store, call.tenant, name).await?;
        let count = u64::try_from(connections.len()).unwrap_or(u64::MAX);
        let mut change = storage::delete(call.tenant, name, stored.revision, count);
        for id in &connections {
            let payload = ConnectionDeleted { caller: call.caller.oid };
            change.append(hub.chassis.journal.entry(&call.event(Subject::connection(*id), payload)));
        }
        let payload = ConnectorDeleted { connections: count, caller: call.caller.oid };
        change.append(hub.chassis.journal.entry(&call.event(Subject::connector(name), payload)));
        match hub.chassis.store.commit(change).await {
            Ok(()) => return Ok(StatusCode::OK),
            // A connection was created or deleted meanwhile: its event belongs to this change.
            Err(error) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Attempts to delete an API while connections to it are created.
const ATTEMPTS_MAX: u32 = 16;

fn current<'a>(stored: &'a Stored, resource: &'a Value) -> Current<'a> {
    Current { resource, api_properties: &stored.api_properties, swagger: &stored.swagger }
}

fn missing() -> ArmRefusal {
    ArmRefusal::not_found("ResourceNotFound", "There is no custom API of this name.")
}

/// Returns the custom API in the path, if there is one, for its maker or an administrator.
async fn find_for_maker(
    hub: &Hub,
    call: &ControlCall,
    path: &ResourcePath,
) -> Result<Option<Stored>, ArmRefusal> {
    let Ok(name) = path.name.as_str().parse::<ConnectorName>() else { return Ok(None) };
    let stored = find(hub, call, &name).await?.filter(|stored| is_in(stored, path.group.as_str()));
    let is_foreign = stored.as_ref().is_some_and(|stored| stored.owner != Some(call.caller.oid));
    if is_foreign && !call.caller.is_administrator() {
        return Err(ArmRefusal::forbidden(format!(
            "The caller with object id '{}' is not the maker of the custom API '{name}'.",
            call.caller.oid
        )));
    }
    Ok(stored)
}

async fn write(
    hub: &Hub,
    call: &ControlCall,
    path: &ResourcePath,
    name: &ConnectorName,
    draft: &Draft,
    replaced: Option<&Stored>,
) -> Result<Json<Value>, ArmRefusal> {
    let keys = if takes_certificate(&draft.api_properties) {
        let none = ClientKeys::default();
        let keys = replaced.map_or(&none, |stored| &stored.connector.client_keys);
        renew_keys(hub, call.tenant, name, keys, call.now).await?
    } else {
        NewKeys::default()
    };
    let registration = Registration {
        tenant: call.tenant,
        name,
        home: &Home::Custom { group: path.group.to_string() },
        owner: Some(call.caller.oid),
        version: hub.random(call.tenant, "connector-version").uuid().to_string(),
        client_secret_sealed: storage::seal_secret(
            &hub.chassis.sealer,
            call.tenant,
            name,
            draft.client_secret.as_ref(),
            &mut hub.random(call.tenant, "seal-client-secret"),
        ),
        client_key_sealed: keys.current,
    };
    let confidential = draft.client_secret.is_some() || takes_certificate(&draft.api_properties);
    let caller = call.caller.oid;
    let (payload, statement) = match replaced {
        Some(stored) => (
            JournalEvent::from(ConnectorChanged { confidential, caller: Some(caller) }),
            storage::update(registration, draft, stored.revision),
        ),
        None => (
            JournalEvent::from(ConnectorCreated { confidential, caller: Some(caller) }),
            storage::insert(registration, draft),
        ),
    };
    let mut change = Change::from(statement);
    if let Some(next) = keys.next {
        change.add(storage::set_next_key(call.tenant, name, next));
    }
    if let Some(stored) = replaced {
        let old = stored.connector.destinations.to_string();
        let new = draft.destinations().to_string();
        if old != new {
            change.append(connection::storage::move_connector(call.tenant, name, caller, &old, &new));
        }
    }
    change.append(hub.chassis.journal.entry(&call.event(Subject::connector(name), payload)));
    hub.chassis.store.commit(change).await?;
    let stored = find(hub, call, name).await?;
    let stored = stored.ok_or_else(|| Problem::conflict("The API was deleted at the same time."))?;
    Ok(Json(custom_api(&stored, call.tenant, hub.origin())))
}
