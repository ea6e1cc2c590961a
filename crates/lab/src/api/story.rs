//! `/lab/tenants/{t}/story`: which credentials of the tenant's main user are alive and why, and
//! which flows run.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_wire::story::Story;

use super::problem::tenant_of;
use crate::tenants::Tenants;

#[utoipa::path(get, path = "/lab/tenants/{tenant}/story", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, description = "each credential of the tenant's main user with its state and the reason, and each flow with its latest runs", body = Story),
        (status = 404, description = "no such tenant")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<Story>, Problem> {
    let story = tenants.story(tenant_of(&tenant)?).await?;
    story.map(Json).ok_or_else(|| Problem::not_found("NoUser", "The tenant has no user."))
}
