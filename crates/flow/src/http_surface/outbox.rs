//! `GET /_lab/tenants/{tenant}/outbox`: e-mails to owners of flows. Only the lab reads them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::TenantId;
use serde_json::{Value, json};

use crate::service::Flows;
use crate::tables::mails;

/// Returns the newest first.
pub(super) async fn show(
    State(flows): State<Arc<Flows>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, Problem> {
    let tenant = tenant.parse::<TenantId>().map_err(|error| {
        Problem::not_found("TenantNotFound", "The tenant in the path is not a UUID.").caused_by(error)
    })?;
    flows.chassis.clocks.clock(tenant).await?;
    Ok(Json(json!({ "messages": mails::list(&flows.chassis.store, tenant).await? })))
}
