//! `/lab/tenants/{t}/flows/{id}`: a flow with its run history, and what its owner does with it.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_wire::{FlowAction, FlowDetails, FlowShare, RunDetails};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::problem::{of_body, tenant_of};
use crate::tenants::{OwnersAction, Tenants};

/// A page of the run history.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct History {
    /// The `older` of an earlier answer.
    before: Option<String>,
    /// Only runs of this status: `Succeeded`, `Failed`, ...
    status: Option<String>,
    /// The maximum number of runs (1 to 250; 50 if absent).
    limit: Option<u32>,
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/flows/{flow}",
    params(("tenant" = String, Path, description = "tenant id"), ("flow" = String, Path, description = "flow id"), History),
    responses((status = 200, body = FlowDetails), (status = 404, description = "no such tenant or flow")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path((tenant, flow)): Path<(String, String)>,
    history: Result<Query<History>, QueryRejection>,
) -> Result<Json<FlowDetails>, Problem> {
    let Query(History { before, status, limit }) = history?;
    let limit = limit.map(|limit| limit.to_string());
    let given = [("before", before), ("status", status), ("limit", limit)];
    let history: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    Ok(Json(tenants.flow(tenant_of(&tenant)?, flow_of(&flow)?, &history).await?))
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/flows/{flow}/runs/{run}",
    params(("tenant" = String, Path, description = "tenant id"), ("flow" = String, Path, description = "flow id"), ("run" = String, Path, description = "name of a run")),
    responses((status = 200, body = RunDetails, description = "the run with the inputs and outputs of its actions, as its owner sees them"),
        (status = 404, description = "no such tenant, flow or run")))]
pub(crate) async fn show_run(
    State(tenants): State<Tenants>,
    Path((tenant, flow, run)): Path<(String, String, String)>,
) -> Result<Json<RunDetails>, Problem> {
    Ok(Json(tenants.flow_run(tenant_of(&tenant)?, flow_of(&flow)?, &run).await?))
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/flows/{flow}/start",
    params(("tenant" = String, Path, description = "tenant id"), ("flow" = String, Path, description = "flow id")),
    request_body = FlowAction,
    responses((status = 204, description = "its owner turned it on"), (status = 404, description = "no such tenant or flow"),
        (status = 409, description = "the lab does not know the owner's password")))]
pub(crate) async fn start(
    State(tenants): State<Tenants>,
    Path(path): Path<(String, String)>,
    body: Result<Json<FlowAction>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    act(&tenants, &path, OwnersAction::Start, body).await
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/flows/{flow}/stop",
    params(("tenant" = String, Path, description = "tenant id"), ("flow" = String, Path, description = "flow id")),
    request_body = FlowAction,
    responses((status = 204, description = "its owner turned it off"), (status = 404, description = "no such tenant or flow"),
        (status = 409, description = "the lab does not know the owner's password")))]
pub(crate) async fn stop(
    State(tenants): State<Tenants>,
    Path(path): Path<(String, String)>,
    body: Result<Json<FlowAction>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    act(&tenants, &path, OwnersAction::Stop, body).await
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/flows/{flow}/run",
    params(("tenant" = String, Path, description = "tenant id"), ("flow" = String, Path, description = "flow id")),
    request_body = FlowAction,
    responses((status = 204, description = "its owner ran it; the newest run of the history is this one"),
        (status = 400, description = "it is off"), (status = 404, description = "no such tenant or flow"),
        (status = 409, description = "the lab does not know the owner's password")))]
pub(crate) async fn run(
    State(tenants): State<Tenants>,
    Path(path): Path<(String, String)>,
    body: Result<Json<FlowAction>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    act(&tenants, &path, OwnersAction::Run, body).await
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/flows/{flow}/share",
    params(("tenant" = String, Path, description = "tenant id"), ("flow" = String, Path, description = "flow id")),
    request_body = FlowShare,
    responses((status = 204, description = "the user has this role"), (status = 400, description = "no such user, or the owner"),
        (status = 404, description = "no such tenant or flow"), (status = 409, description = "the lab does not know the owner's password")))]
pub(crate) async fn share(
    State(tenants): State<Tenants>,
    Path((tenant, flow)): Path<(String, String)>,
    body: Result<Json<FlowShare>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(share) = body.map_err(|rejection| of_body(&rejection))?;
    tenants.share_flow(tenant_of(&tenant)?, flow_of(&flow)?, &share).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn act(
    tenants: &Tenants,
    (tenant, flow): &(String, String),
    action: OwnersAction,
    body: Result<Json<FlowAction>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(FlowAction { password }) = body.map_err(|rejection| of_body(&rejection))?;
    tenants.act_on_flow(tenant_of(tenant)?, flow_of(flow)?, action, password.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn flow_of(text: &str) -> Result<Uuid, Problem> {
    text.parse().ok().ok_or_else(|| {
        Problem::not_found("FlowNotFound", "The flow in the path is not a UUID; the tenant lists its flows.")
    })
}
