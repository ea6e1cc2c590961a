//! The managed APIs of a tenant.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall, LOCATION};
use crate::connector::{ConnectorName, Home, managed_api, storage};

/// The maximum number of APIs in a response.
const LISTED_MAX: i64 = 200;

#[derive(Deserialize)]
pub(super) struct LocationPath {
    location: String,
}

#[derive(Deserialize)]
pub(super) struct ApiPath {
    location: String,
    api: String,
}

fn check(location: &str) -> Result<(), ArmRefusal> {
    if location.eq_ignore_ascii_case(LOCATION) {
        return Ok(());
    }
    Err(ArmRefusal::not_found("LocationNotFound", format!("The only location is '{LOCATION}'.")))
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<LocationPath>,
) -> Result<Json<Value>, ArmRefusal> {
    check(&path.location)?;
    let all =
        storage::list_managed_apis(&hub.chassis.store, &hub.chassis.sealer, call.tenant, LISTED_MAX).await?;
    let value: Vec<_> =
        all.iter().map(|stored| managed_api(stored, call.tenant, hub.origin(), false)).collect();
    Ok(Json(json!({ "value": value })))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ApiPath>,
) -> Result<Json<Value>, ArmRefusal> {
    check(&path.location)?;
    let missing = || ArmRefusal::not_found("ApiNotFound", "There is no managed API of this name.");
    let name = path.api.parse::<ConnectorName>().map_err(|error| missing().caused_by(error))?;
    let stored = storage::find(&hub.chassis.store, &hub.chassis.sealer, call.tenant, &name)
        .await?
        .filter(|stored| stored.connector.home == Home::Managed)
        .ok_or_else(missing)?;
    let export = call.query.get("export").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(Json(managed_api(&stored, call.tenant, hub.origin(), export)))
}
