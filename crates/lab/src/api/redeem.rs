//! `/lab/tenants/{t}/redeem`: the token request of a public client, for pages that show what an
//! application gets. A browser cannot send it: the redirect URI is not one of a single-page
//! application.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_wire::lab_api::{CodeRedeemed, CodeRedemption};

use super::problem::{of_body, of_call, tenant_of};
use crate::tenants::Tenants;

#[utoipa::path(post, path = "/lab/tenants/{tenant}/redeem", params(("tenant" = String, Path, description = "tenant id")),
    request_body = CodeRedemption,
    responses((status = 200, body = CodeRedeemed, description = "what the token endpoint responded"),
        (status = 404, description = "no such tenant"), (status = 502, description = "the identity provider does not answer")))]
pub(crate) async fn redeem(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<CodeRedemption>, JsonRejection>,
) -> Result<Json<CodeRedeemed>, Problem> {
    let Json(redemption) = body.map_err(|rejection| of_body(&rejection))?;
    let tenant = tenant_of(&tenant)?;
    let idp = tenants.credentials(tenant).await?.urls.idp;
    let url = format!("{}/{tenant}/oauth2/v2.0/token", idp.trim_end_matches('/'));
    let response = tenants.surface().redeem(&url, &redemption).await;
    response.map(Json).map_err(|error| of_call(&error, "The identity provider does not answer.".to_owned()))
}
