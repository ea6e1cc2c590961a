//! `GET /_lab/tenants/{tenant}/outbox`: e-mails to owners of flows. Only the lab reads them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use serde_json::{Value, json};

use super::lab_tenant::tenant_of_path;
use crate::service::Flows;
use crate::tables::mails;

/// Returns the newest first.
pub(super) async fn show(
    State(flows): State<Arc<Flows>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, Problem> {
    let tenant = tenant_of_path(&flows, &tenant).await?;
    Ok(Json(json!({ "messages": mails::list(&flows.chassis.store, tenant).await? })))
}
