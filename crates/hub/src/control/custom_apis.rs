//! Custom APIs: connectors that users register.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::events::{ConnectorChanged, ConnectorCreated};
use outlive_wire::{JournalEvent, Subject};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::paths::ResourcePath;
use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall, JsonBody};
use crate::connector::storage::{self, Registration, Stored};
use crate::connector::{ConnectorName, Draft, Home, custom_api};

async fn find(hub: &Hub, call: &ControlCall, name: &ConnectorName) -> Result<Option<Stored>, ArmRefusal> {
    Ok(storage::find(&hub.chassis.store, &hub.chassis.sealer, call.tenant, name).await?)
}

fn is_in(stored: &Stored, group: &str) -> bool {
    matches!(&stored.connector.home, Home::Custom { group: home } if home.eq_ignore_ascii_case(group))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
) -> Result<Json<Value>, ArmRefusal> {
    let missing = || ArmRefusal::not_found("ResourceNotFound", "There is no custom API of this name.");
    let name = path.name.as_str().parse::<ConnectorName>();
    let name = name.map_err(|error| missing().caused_by(error))?;
    let stored = find(&hub, &call, &name).await?.filter(|stored| is_in(stored, path.group.as_str()));
    Ok(Json(custom_api(&stored.ok_or_else(missing)?, call.tenant, hub.origin())))
}

#[derive(Deserialize)]
struct PutBody {
    properties: PutProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutProperties {
    display_name: Option<String>,
    swagger: Value,
    client_secret: Option<Secret>,
    /// The members of `apiProperties.json`: `connectionParameters`, `capabilities`,
    /// `iconBrandColor` and so on.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
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
    let properties = body.read::<PutBody>()?.properties;
    let draft = Draft {
        display_name: properties.display_name.unwrap_or_else(|| name.to_string()),
        api_properties: json!({ "properties": properties.rest }),
        swagger: properties.swagger,
        client_secret: properties.client_secret,
    };
    let draft = draft.check().map_err(|fault| ArmRefusal::invalid(format!("{fault}.")))?;
    let existing = find(&hub, &call, &name).await?;
    let owned = |stored: &Stored| stored.owner == Some(call.caller.oid) && is_in(stored, path.group.as_str());
    if existing.as_ref().is_some_and(|stored| !owned(stored)) {
        return Err(Problem::conflict(format!("Another API of this tenant has the name '{name}'.")).into());
    }
    let revision = existing.as_ref().map(|stored| stored.revision);
    write(&hub, &call, &path, &name, &draft, revision).await?;
    let stored = find(&hub, &call, &name).await?;
    let stored = stored.ok_or_else(|| Problem::conflict("The API was deleted at the same time."))?;
    let status = if existing.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(custom_api(&stored, call.tenant, hub.origin()))))
}

async fn write(
    hub: &Hub,
    call: &ControlCall,
    path: &ResourcePath,
    name: &ConnectorName,
    draft: &Draft,
    replaced: Option<i64>,
) -> Result<(), ArmRefusal> {
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
    };
    let (confidential, caller) = (draft.client_secret.is_some(), call.caller.oid);
    let (payload, statement) = match replaced {
        Some(revision) => (
            JournalEvent::from(ConnectorChanged { confidential, caller }),
            storage::update(registration, draft, revision),
        ),
        None => (
            JournalEvent::from(ConnectorCreated { confidential, caller: Some(caller) }),
            storage::insert(registration, draft),
        ),
    };
    let mut change = Change::from(statement);
    change.append(hub.chassis.journal.entry(&call.event(Subject::connector(name), payload)));
    Ok(hub.chassis.store.commit(change).await?)
}
