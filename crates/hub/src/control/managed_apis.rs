//! The managed APIs of a tenant.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use outlive_tokens::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Hub;
use crate::arm::{ArmPath, ArmRefusal, ControlCall, JsonBody, LOCATION, Members, Mistakes};
use crate::connector::storage::Stored;
use crate::connector::{
    ConnectorName, Home, Replacement, managed_api, secret_fault, storage, takes_certificate,
};
use crate::key_renewal::renew_keys;

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
    ArmPath(path): ArmPath<LocationPath>,
) -> Result<Json<Value>, ArmRefusal> {
    check(&path.location)?;
    let all =
        storage::list_managed_apis(&hub.chassis.store, &hub.chassis.sealer, call.tenant, LISTED_MAX).await?;
    let value: Vec<_> =
        all.iter().map(|stored| managed_api(stored, call.tenant, hub.origin(), false)).collect();
    Ok(Json(json!({ "value": value })))
}

async fn find(hub: &Hub, call: &ControlCall, path: &ApiPath) -> Result<Stored, ArmRefusal> {
    check(&path.location)?;
    let missing = || ArmRefusal::not_found("ApiNotFound", "There is no managed API of this name.");
    let name = path.api.parse::<ConnectorName>().map_err(|error| missing().caused_by(error))?;
    let stored = storage::find(&hub.chassis.store, &hub.chassis.sealer, call.tenant, &name).await?;
    stored.filter(|stored| stored.connector.home == Home::Managed).ok_or_else(missing)
}

/// Replaces the client secret of a managed API, which belongs to the administrators of the tenant,
/// and renews its certificate. Nothing else of it can be changed; other members may be there with
/// their current values.
pub(super) async fn patch(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ApiPath>,
    body: JsonBody,
) -> Result<Json<Value>, ArmRefusal> {
    let stored = find(&hub, &call, &path).await?;
    if !call.caller.is_administrator() {
        return Err(ArmRefusal::forbidden(format!(
            "The client with object id '{}' does not have authorization to perform action \
             'Microsoft.Web/locations/managedApis/write': it is not a Global Administrator.",
            call.caller.oid
        )));
    }
    let current = managed_api(&stored, call.tenant, hub.origin(), true);
    let connector = &stored.connector;
    let renewed = if takes_certificate(&stored.api_properties) {
        let keys = &connector.client_keys;
        Some(renew_keys(&hub, call.tenant, &connector.name, keys, call.now).await?)
    } else {
        None
    };
    let mut mistakes = Mistakes::default();
    let mut members = body.members();
    let secret = members.required_object("properties", &mut mistakes).and_then(|mut properties| {
        let secret = match &renewed {
            Some(_) => properties.text("clientSecret", &mut mistakes),
            None => properties.required_text("clientSecret", &mut mistakes),
        };
        end_read_only(properties, &current["properties"], &mut mistakes);
        secret.map(Secret::new)
    });
    end_read_only(members, &current, &mut mistakes);
    if let Some(fault) = secret.as_ref().and_then(|secret| secret_fault(&stored, secret)) {
        mistakes.add("properties.clientSecret", fault);
    }
    mistakes.into_result()?;
    let replacement = Replacement {
        tenant: call.tenant,
        secret: secret.as_ref(),
        keys: renewed.unwrap_or_default(),
        caller: Some(call.caller.oid),
        now: call.now,
        trace: &call.trace,
    };
    replacement.store(&hub, &stored).await?;
    let stored = find(&hub, &call, &path).await?;
    Ok(Json(managed_api(&stored, call.tenant, hub.origin(), false)))
}

/// Records members that are not there now or have another value.
fn end_read_only(mut members: Members, current: &Value, mistakes: &mut Mistakes) {
    for (name, value) in current.as_object().into_iter().flatten() {
        members.read_only(name, value, mistakes);
    }
    members.end(mistakes);
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ApiPath>,
) -> Result<Json<Value>, ArmRefusal> {
    let stored = find(&hub, &call, &path).await?;
    let export = call.query.get("export").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(Json(managed_api(&stored, call.tenant, hub.origin(), export)))
}
