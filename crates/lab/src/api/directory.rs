//! `/lab/tenants/{t}/directory/users/{user}`: a user of the directory. Administrators read it
//! through Graph.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_wire::directory::DirectoryUserDetails;

use super::problem::tenant_of;
use crate::tenants::Tenants;

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/users/{user}",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id")),
    responses((status = 200, body = DirectoryUserDetails, description = "the user with the sign-in methods and groups"),
        (status = 404, description = "no such tenant or user")))]
pub(crate) async fn user(
    State(tenants): State<Tenants>,
    Path((tenant, user)): Path<(String, String)>,
) -> Result<Json<DirectoryUserDetails>, Problem> {
    Ok(Json(tenants.directory_user(tenant_of(&tenant)?, &user).await?))
}
