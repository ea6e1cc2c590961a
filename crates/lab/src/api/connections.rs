//! `/lab/tenants/{t}/connections`: the connections of a tenant, and fixing one of the seed as its
//! owner.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_wire::HeldConnections;
use outlive_wire::lab_api::{ConnectionConfirmation, ConnectionFix, ConnectionFixed, ConnectionShare};

use super::problem::{of_body, tenant_of};
use crate::tenants::{TenantError, Tenants};

#[utoipa::path(get, path = "/lab/tenants/{tenant}/connections", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, description = "each connection with its status and, by fingerprint, what it stores; at most 200", body = Object),
        (status = 404, description = "no such tenant"), (status = 502, description = "the hub does not answer")))]
pub(crate) async fn list(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<HeldConnections>, Problem> {
    let tenant = tenant_of(&tenant)?;
    tenants.credentials(tenant).await?;
    Ok(Json(tenants.surface().connections(tenant).await.map_err(TenantError::from)?))
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/connections/{name}/fix",
    params(("tenant" = String, Path, description = "tenant id"), ("name" = String, Path, description = "name of a connection that the lab made")),
    request_body = ConnectionFix,
    responses((status = 200, body = ConnectionFixed, description = "the link at which the owner signs in, or none if the connection is fixed"),
        (status = 400, description = "no such connection, or not this way"),
        (status = 409, description = "the lab does not know the owner's password")))]
pub(crate) async fn fix(
    State(tenants): State<Tenants>,
    Path((tenant, name)): Path<(String, String)>,
    body: Result<Json<ConnectionFix>, JsonRejection>,
) -> Result<Json<ConnectionFixed>, Problem> {
    let Json(fix) = body.map_err(|rejection| of_body(&rejection))?;
    Ok(Json(tenants.fix_connection(tenant_of(&tenant)?, &name, &fix).await?))
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/connections/{name}/confirm",
    params(("tenant" = String, Path, description = "tenant id"), ("name" = String, Path, description = "name of a connection that the lab made")),
    request_body = ConnectionConfirmation,
    responses((status = 204, description = "the connection has its new tokens"),
        (status = 400, description = "no such connection, or the hub does not accept the code"),
        (status = 409, description = "the lab does not know the owner's password")))]
pub(crate) async fn confirm(
    State(tenants): State<Tenants>,
    Path((tenant, name)): Path<(String, String)>,
    body: Result<Json<ConnectionConfirmation>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(ConnectionConfirmation { code, password }) = body.map_err(|rejection| of_body(&rejection))?;
    tenants.confirm_connection(tenant_of(&tenant)?, &name, &code, password.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/connections/{name}/share",
    params(("tenant" = String, Path, description = "tenant id"), ("name" = String, Path, description = "name of a connection that the lab made")),
    request_body = ConnectionShare,
    responses((status = 204, description = "the user may use the connection, or no longer"),
        (status = 400, description = "no such connection or user"),
        (status = 409, description = "the lab does not know the owner's password")))]
pub(crate) async fn share(
    State(tenants): State<Tenants>,
    Path((tenant, name)): Path<(String, String)>,
    body: Result<Json<ConnectionShare>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(share) = body.map_err(|rejection| of_body(&rejection))?;
    tenants.share_connection(tenant_of(&tenant)?, &name, &share).await?;
    Ok(StatusCode::NO_CONTENT)
}
