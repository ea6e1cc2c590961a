//! `/lab/tenants/{t}/runs`: the number of flow runs, by status. `…/{run}/steps`: what the services
//! sent each other in one of them.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_wire::run_steps::RunSteps;
use serde_json::Value;

use super::problem::tenant_of;
use crate::tenants::{TenantError, Tenants};

#[utoipa::path(get, path = "/lab/tenants/{tenant}/runs", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, description = "the number of runs by status (`Succeeded`, `Failed`, ...)", body = Object),
        (status = 404, description = "no such tenant")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, Problem> {
    let tenant = tenant_of(&tenant)?;
    tenants.credentials(tenant).await?;
    Ok(Json(tenants.surface().runs(tenant).await.map_err(TenantError::from)?))
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/runs/{run}/steps",
    params(("tenant" = String, Path, description = "tenant id"), ("run" = String, Path, description = "name of a run")),
    responses((status = 200, body = RunSteps, description = "the HTTP exchanges of the run in order, from the journals: who called whom, \
        with which credential, the decision and the answer; what repairs it"),
        (status = 404, description = "no such tenant or run, or it has not ended or waited yet")))]
pub(crate) async fn steps(
    State(tenants): State<Tenants>,
    Path((tenant, run)): Path<(String, String)>,
) -> Result<Json<RunSteps>, Problem> {
    let steps = tenants.run_steps(tenant_of(&tenant)?, &run).await?;
    steps.map(Json).ok_or_else(|| {
        Problem::not_found(
            "RunNotFound",
            "No run of that name has ended or waited in this tenant; the page of a flow lists its runs.",
        )
    })
}
