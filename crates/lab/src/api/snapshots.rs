//! `/lab/tenants/{t}/snapshots`: the state of a tenant, put aside and brought back.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_wire::lab_api::{Snapshot, SnapshotList, SnapshotRequest, TenantCredentials};

use super::problem::{ended, of_body, tenant_of};
use super::tenants::NoMembers;
use crate::tenants::Tenants;

#[utoipa::path(get, path = "/lab/tenants/{tenant}/snapshots", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = SnapshotList, description = "the oldest first"), (status = 404, description = "no such tenant")))]
pub(crate) async fn list(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<SnapshotList>, Problem> {
    Ok(Json(SnapshotList { snapshots: tenants.snapshots(tenant_of(&tenant)?).await? }))
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/snapshots", params(("tenant" = String, Path, description = "tenant id")),
    request_body = SnapshotRequest,
    responses((status = 201, body = Snapshot, description = "the state of the tenant at this instant is stored"),
        (status = 400, description = "a name that is empty, too long or a UUID"), (status = 404, description = "no such tenant"),
        (status = 409, description = "the name is taken (SnapshotNameTaken), there are 20 snapshots (TooManySnapshots), or the tenant changes all the time (TenantBusy, OperationInProgress)"),
        (status = 413, description = "the tenant has more than 32 MiB of data in a service, or the request is too long"),
        (status = 502, description = "a service does not answer")))]
pub(crate) async fn take(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<SnapshotRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<Snapshot>), Problem> {
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    Ok((StatusCode::CREATED, Json(tenants.take_snapshot(tenant_of(&tenant)?, request.name).await?)))
}

#[utoipa::path(delete, path = "/lab/tenants/{tenant}/snapshots/{id}",
    params(("tenant" = String, Path, description = "tenant id"), ("id" = String, Path, description = "id or name of the snapshot")),
    responses((status = 204, description = "the snapshot is deleted"), (status = 404, description = "no such tenant or snapshot"),
        (status = 409, description = "an operation on the tenant is in progress")))]
pub(crate) async fn delete(
    State(tenants): State<Tenants>,
    Path((tenant, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    tenants.delete_snapshot(tenant_of(&tenant)?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/snapshots/{id}/restore",
    params(("tenant" = String, Path, description = "tenant id"), ("id" = String, Path, description = "id or name of the snapshot")),
    request_body = NoMembers,
    responses((status = 200, body = TenantCredentials, description = "the tenant as it was, with the time and the journal of the snapshot"),
        (status = 404, description = "no such tenant or snapshot"),
        (status = 409, description = "the snapshot is of another version of Outlive (SnapshotOfOtherVersion) or does not open (SnapshotUnreadable), or another operation is in progress"),
        (status = 502, description = "a service does not answer; a restore that has begun is completed without a request when it does")))]
pub(crate) async fn restore(
    State(tenants): State<Tenants>,
    Path((tenant, id)): Path<(String, String)>,
    // A page of another origin cannot send JSON without a preflight request.
    body: Result<Json<NoMembers>, JsonRejection>,
) -> Result<Json<TenantCredentials>, Problem> {
    let Json(NoMembers {}) = body.map_err(|rejection| of_body(&rejection))?;
    let tenant = tenant_of(&tenant)?;
    // In a task of its own: if the caller disconnects, the tenant must not stay incomplete.
    let restoring = tokio::spawn(async move { tenants.restore(tenant, &id).await });
    Ok(Json(ended(restoring.await)??))
}
