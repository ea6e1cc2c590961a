//! `/lab/tenants/{t}/outbox`: the e-mails to users. It replaces their mailboxes, and has no
//! counterpart in the original.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use serde_json::Value;

use super::problem::tenant_of;
use crate::tenants::Tenants;

#[utoipa::path(get, path = "/lab/tenants/{tenant}/outbox", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, description = "`messages`, newest first: `at`, `to`, `subject`, `text`, and `code` if one was sent", body = Object),
        (status = 404, description = "no such tenant")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(tenants.outbox(tenant_of(&tenant)?).await?))
}
