//! `/lab/matrix/credentials` and `/lab/tenants/{t}/matrix/credentials`: the published table, cell
//! by cell, in temporary tenants. `/lab/matrix/connections`: what events do to connections.
//!
//! An execution is canceled when its caller disconnects; its temporary tenants are deleted.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_rules::Ruleset;
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::busy::Refusal;
use super::problem::{of_body, of_call, tenant_of};
use crate::matrix::connections::{self, ConnectionMatrix, Selection};
use crate::matrix::{self, ExecutionList, Executions, Matrix, MatrixError};
use crate::tenants::{TenantError, Tenants};

/// Maximum number of callers: one execution at a time, the others wait.
const CALLERS_MAX: usize = 4;
/// `Retry-After` for rejected callers, in seconds (wall time): about the duration of one execution.
const RETRY_AFTER_SECONDS: &str = "15";

/// Limits the number of callers, and lists their executions.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    places: Arc<Semaphore>,
    list: ExecutionList,
}

impl Default for Places {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(CALLERS_MAX)), list: ExecutionList::default() }
    }
}

/// The table to execute.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatrixRequest {
    /// An edition, or one with cells changed on purpose (`2025-11+row.column=revoked`); the lab's
    /// own if absent.
    rules: Option<String>,
}

/// The matrix of connections to execute.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConnectionMatrixRequest {
    /// Edition 2025-11, or that with cells changed on purpose (`2025-11+row.column=revoked`); the
    /// lab's own if absent.
    rules: Option<String>,
    /// Only these events; all if empty.
    events: Vec<String>,
    /// Only these kinds of connections; all if empty.
    connections: Vec<String>,
}

fn busy() -> Refusal {
    let message = format!("{CALLERS_MAX} callers have or wait for a matrix already. Try again later.");
    Refusal::Busy { code: "MatrixBusy", message, retry_after: RETRY_AFTER_SECONDS }
}

#[utoipa::path(get, path = "/lab/matrix",
    responses((status = 200, description = "the executions in progress with the number of their cells, the oldest first", body = Executions)))]
pub(crate) async fn list(Extension(places): Extension<Places>) -> Json<Executions> {
    Json(places.list.show())
}

#[utoipa::path(post, path = "/lab/matrix/credentials", request_body = MatrixRequest,
    responses((status = 200, description = "every cell: what the page says, and what was seen", body = Object),
        (status = 400, description = "no such edition"),
        (status = 503, description = "too many callers; `Retry-After` says when to try again")))]
pub(crate) async fn of_rules(
    State(tenants): State<Tenants>,
    Extension(places): Extension<Places>,
    trace: Trace,
    body: Result<Option<Json<MatrixRequest>>, JsonRejection>,
) -> Result<Json<Matrix>, Refusal> {
    let body = body.map_err(|rejection| of_body(&rejection))?;
    let rules = body.and_then(|Json(request)| request.rules);
    let rules = rules.unwrap_or_else(|| tenants.rules().to_owned());
    execute(&tenants, &places, &trace, &rules).await
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/matrix/credentials",
    params(("tenant" = String, Path, description = "tenant id: its rules are executed, it is not touched")),
    responses((status = 200, description = "every cell: what the page says, and what was seen", body = Object),
        (status = 404, description = "no such tenant"),
        (status = 503, description = "too many callers; `Retry-After` says when to try again")))]
pub(crate) async fn of_tenant(
    State(tenants): State<Tenants>,
    Extension(places): Extension<Places>,
    trace: Trace,
    Path(tenant): Path<String>,
) -> Result<Json<Matrix>, Refusal> {
    let credentials = tenants.credentials(tenant_of(&tenant)?).await.map_err(Problem::from)?;
    execute(&tenants, &places, &trace, &credentials.rules).await
}

#[utoipa::path(post, path = "/lab/matrix/connections", request_body = ConnectionMatrixRequest,
    responses((status = 200, description = "every cell: what is expected, what was seen, and the repair", body = Object),
        (status = 400, description = "no such event or connection, or another edition"),
        (status = 503, description = "too many callers; `Retry-After` says when to try again")))]
pub(crate) async fn of_connections(
    State(tenants): State<Tenants>,
    Extension(places): Extension<Places>,
    trace: Trace,
    body: Result<Option<Json<ConnectionMatrixRequest>>, JsonRejection>,
) -> Result<Json<ConnectionMatrix>, Refusal> {
    let body = body.map_err(|rejection| of_body(&rejection))?;
    let request = body.map(|Json(request)| request).unwrap_or_default();
    let rules = rules_of(request.rules.as_deref().unwrap_or_else(|| tenants.rules()))?;
    let selection = Selection { rows: request.events, columns: request.connections };
    connections::check_rules(&rules).and_then(|()| selection.check()).map_err(Problem::bad_request)?;
    let Ok(place) = Arc::clone(&places.places).try_acquire_owned() else { return Err(busy()) };
    let execution = places.list.begin(&trace.trace_id, selection.cells());
    let _turn = tenants.matrix_turn().await;
    let tenants = tenants.keeping(place);
    let executed = connections::execute(&tenants, &rules, &selection, &execution.counter).await;
    Ok(Json(executed.map_err(Problem::from)?))
}

fn rules_of(text: &str) -> Result<Ruleset, Problem> {
    text.parse().map_err(|error: outlive_rules::ParseRulesetError| Problem::bad_request(error.to_string()))
}

/// Executes a matrix in the caller's own task, so that it ends when the caller does.
async fn execute(
    tenants: &Tenants,
    places: &Places,
    trace: &Trace,
    rules: &str,
) -> Result<Json<Matrix>, Refusal> {
    let rules = rules_of(rules)?;
    let Ok(place) = Arc::clone(&places.places).try_acquire_owned() else { return Err(busy()) };
    let execution = places.list.begin(&trace.trace_id, matrix::cells(&rules));
    // One at a time: an execution uses all cores already.
    let _turn = tenants.matrix_turn().await;
    let tenants = tenants.keeping(place);
    Ok(Json(matrix::execute(&tenants, &rules, &execution.counter).await.map_err(Problem::from)?))
}

impl From<MatrixError> for Problem {
    fn from(error: MatrixError) -> Self {
        match error {
            MatrixError::Tenant(error) => TenantError::into(error),
            MatrixError::Call(call) => of_call(&call, call.to_string()),
            other => Self::new(StatusCode::BAD_GATEWAY, "MatrixFailed", other.to_string()),
        }
    }
}
