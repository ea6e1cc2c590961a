//! The hub's own part of the lab surface: its connections, and client secrets of connectors.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use axum::{Json, Router};
use outlive_chassis::{Problem, Trace};
use outlive_clock::TenantId;
use outlive_tokens::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Hub;
use crate::connector::{ConnectorName, Replacement, secret_fault, storage};
use crate::key_renewal::NewKeys;
use crate::lab_connections;

pub(crate) fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/_lab/tenants/{tenant}/connections", get(lab_connections::list))
        .route("/_lab/tenants/{tenant}/connectors/{name}/client-secret", put(replace_secret))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSecret {
    client_secret: Secret,
}

/// Replaces the client secret of a managed or custom connector, as an administrator or its maker
/// can.
async fn replace_secret(
    State(hub): State<Arc<Hub>>,
    Path((tenant, name)): Path<(String, String)>,
    trace: Trace,
    body: Result<Json<NewSecret>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(NewSecret { client_secret }) = body?;
    let unknown = || Problem::not_found("TenantNotFound", "There is no such tenant here.");
    let tenant: TenantId = tenant.parse().ok().ok_or_else(unknown)?;
    let now = hub.chassis.clocks.now(tenant).await?;
    let missing = || Problem::not_found("ConnectorNotFound", "The tenant has no connector of this name.");
    let name: ConnectorName = name.parse().ok().ok_or_else(missing)?;
    let stored = storage::find(&hub.chassis.store, &hub.chassis.sealer, tenant, &name).await?;
    let stored = stored.ok_or_else(missing)?;
    if let Some(fault) = secret_fault(&stored, &client_secret) {
        return Err(Problem::bad_request(format!("client_secret: {fault}.")));
    }
    let replacement = Replacement {
        tenant,
        secret: Some(&client_secret),
        keys: NewKeys::default(),
        caller: None,
        now,
        trace: &trace,
    };
    replacement.store(&hub, &stored).await?;
    Ok(Json(json!({"at": now, "event": "connector_secret_replaced"})))
}
