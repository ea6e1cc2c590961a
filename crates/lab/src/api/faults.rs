//! `/lab/tenants/{t}/faults`: what goes wrong at the services, on purpose.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_wire::faults::{Fault, FaultSpec, Faults};
use uuid::Uuid;

use super::problem::{of_body, tenant_of};
use crate::tenants::Tenants;

#[utoipa::path(get, path = "/lab/tenants/{tenant}/faults", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = Faults, description = "active, scheduled and ended faults of all services, the oldest first"),
        (status = 404, description = "no such tenant"), (status = 502, description = "a service does not answer")))]
pub(crate) async fn list(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<Faults>, Problem> {
    Ok(Json(tenants.faults(tenant_of(&tenant)?).await?))
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/faults", params(("tenant" = String, Path, description = "tenant id")),
    request_body = FaultSpec,
    responses((status = 201, body = Fault, description = "requests meet the fault from now on, or from `from`"),
        (status = 400, description = "no such endpoint, effect or time; the message begins with the field"),
        (status = 404, description = "no such tenant"), (status = 502, description = "a service does not answer")))]
pub(crate) async fn add(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<FaultSpec>, JsonRejection>,
) -> Result<(StatusCode, Json<Fault>), Problem> {
    let Json(fault) = body.map_err(|rejection| of_body(&rejection))?;
    Ok((StatusCode::CREATED, Json(tenants.add_fault(tenant_of(&tenant)?, fault).await?)))
}

#[utoipa::path(delete, path = "/lab/tenants/{tenant}/faults", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 204, description = "the tenant has no faults"), (status = 404, description = "no such tenant"),
        (status = 502, description = "a service does not answer")))]
pub(crate) async fn remove_all(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<StatusCode, Problem> {
    tenants.remove_faults(tenant_of(&tenant)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/faults/{id}",
    params(("tenant" = String, Path, description = "tenant id"), ("id" = String, Path, description = "id of the fault")),
    responses((status = 200, body = Fault), (status = 404, description = "no such tenant or fault"),
        (status = 502, description = "a service does not answer")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path((tenant, id)): Path<(String, String)>,
) -> Result<Json<Fault>, Problem> {
    let fault = tenants.fault(tenant_of(&tenant)?, id_of(&id)?).await?;
    fault.map(Json).ok_or_else(unknown)
}

#[utoipa::path(delete, path = "/lab/tenants/{tenant}/faults/{id}",
    params(("tenant" = String, Path, description = "tenant id"), ("id" = String, Path, description = "id of the fault")),
    responses((status = 204, description = "the fault is removed"), (status = 404, description = "no such tenant or fault"),
        (status = 502, description = "a service does not answer")))]
pub(crate) async fn remove(
    State(tenants): State<Tenants>,
    Path((tenant, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let is_removed = tenants.remove_fault(tenant_of(&tenant)?, id_of(&id)?).await?;
    if is_removed { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

fn id_of(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| unknown())
}

fn unknown() -> Problem {
    Problem::not_found("FaultNotFound", "The tenant has no fault with this id; GET …/faults lists them.")
}
