//! `/lab/tenants/{t}/forge`: tokens for tests of validators.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_wire::forge::{ForgeAnswer, ForgeRequest};

use super::problem::{of_body, tenant_of};
use crate::tenants::Tenants;

#[utoipa::path(post, path = "/lab/tenants/{tenant}/forge", params(("tenant" = String, Path, description = "tenant id")),
    request_body = ForgeRequest,
    responses((status = 200, body = ForgeAnswer, description = "the token, which the journal records as forged"),
        (status = 400, description = "no token that can be copied, no audience, or no retired key"),
        (status = 404, description = "no such tenant"), (status = 502, description = "the identity provider does not answer")))]
pub(crate) async fn forge(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<ForgeRequest>, JsonRejection>,
) -> Result<Json<ForgeAnswer>, Problem> {
    let Json(token) = body.map_err(|rejection| of_body(&rejection))?;
    Ok(Json(tenants.forge(tenant_of(&tenant)?, token).await?))
}
