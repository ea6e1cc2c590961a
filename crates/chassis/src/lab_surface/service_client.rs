//! Replaces the application with which a service signs in by itself, after a rollover of its secret
//! or because the sealing key was lost.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_journal::Event;
use outlive_wire::events::ServiceClientReplaced;
use outlive_wire::{ServiceClientSpec, Subject};
use serde_json::{Value, json};

use super::surface::{Surface, tenant_of};
use crate::{Problem, Service, Trace};

/// The maximum length of a secret, in bytes.
const SECRET_BYTES_MAX: usize = 1_024;

pub(crate) async fn replace<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    trace: Trace,
    body: Result<Json<ServiceClientSpec>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(client) = body?;
    let tenant = tenant_of(&tenant)?;
    let now = surface.chassis.clocks.now(tenant).await?;
    if !(1..=SECRET_BYTES_MAX).contains(&client.client_secret.expose().len()) {
        return Err(Problem::bad_request(format!(
            "client_secret: a client secret has 1 to {SECRET_BYTES_MAX} characters."
        )));
    }
    let mut change = surface.service.replace_client(tenant, &client).ok_or_else(|| {
        Problem::not_found(
            "NotFound",
            "This service has no application of its own. The hub and the flow service have.",
        )
    })?;
    let client_id = client.client_id;
    let replaced = ServiceClientReplaced { client_id };
    let event = Event::new(tenant, now, Subject::tenant(tenant), &trace, replaced);
    change.append(surface.chassis.journal.entry(&event));
    surface.chassis.store.commit(change).await?;
    surface.service.forget_tenant(tenant);
    Ok(Json(json!({"at": now, "client_id": client_id})))
}
