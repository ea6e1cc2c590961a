//! `/lab/tenants/{t}/runs`: the number of flow runs, by status.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
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
