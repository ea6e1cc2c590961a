//! `/lab/tenants/{t}/sign_in`: what a user does in a browser, in one call.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_wire::lab_api::{SignInAnswer, SignInRequest};

use super::problem::{of_body, tenant_of};
use crate::tenants::Tenants;

#[utoipa::path(post, path = "/lab/tenants/{tenant}/sign_in", params(("tenant" = String, Path, description = "tenant id")),
    request_body = SignInRequest,
    responses((status = 200, body = SignInAnswer, description = "the code, or with `redeem` the tokens of the application"),
        (status = 400, description = "no such user or application"), (status = 404, description = "no such tenant"),
        (status = 409, description = "the issuer refuses the sign-in, which the message explains")))]
pub(crate) async fn sign_in(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<SignInRequest>, JsonRejection>,
) -> Result<Json<SignInAnswer>, Problem> {
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    Ok(Json(tenants.sign_in(tenant_of(&tenant)?, &request).await?))
}
