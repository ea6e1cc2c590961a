//! `/lab/matrix/credentials` and `/lab/tenants/{t}/matrix/credentials`: the published table, cell by cell, in throw-away tenants.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_rules::Ruleset;
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem::{of_call, tenant_of};
use crate::matrix::{self, Matrix, MatrixError};
use crate::tenants::{TenantError, Tenants};

/// Which table.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// An edition, or one with cells changed on purpose (`2025-11+row.column=revoked`); the lab's own if absent.
    rules: Option<String>,
}

#[utoipa::path(get, path = "/lab/matrix/credentials", params(Which),
    responses((status = 200, description = "every cell: what the page says, and what was seen", body = Object),
        (status = 400, description = "no such edition")))]
pub(crate) async fn of_rules(
    State(tenants): State<Tenants>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Matrix>, Problem> {
    let Query(Which { rules }) = which?;
    let rules = rules.unwrap_or_else(|| tenants.rules().to_owned());
    executed(&tenants, &rules).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/matrix/credentials",
    params(("tenant" = String, Path, description = "tenant id: its rules are executed, it is not touched")),
    responses((status = 200, description = "every cell: what the page says, and what was seen", body = Object),
        (status = 404, description = "no such tenant")))]
pub(crate) async fn of_tenant(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<Matrix>, Problem> {
    let rules = tenants.handout(tenant_of(&tenant)?).await?.rules;
    executed(&tenants, &rules).await
}

async fn executed(tenants: &Tenants, rules: &str) -> Result<Json<Matrix>, Problem> {
    let rules: Ruleset = rules
        .parse()
        .map_err(|error: outlive_rules::ParseRulesetError| Problem::bad_request(error.to_string()))?;
    let tenants = tenants.clone();
    // A caller that hangs up must not leave throw-away tenants behind.
    let executing = tokio::spawn(async move {
        // One at a time: each fills both cores, and two would only wait for each other.
        let _turn = tenants.matrix_turn().await;
        matrix::credentials(&tenants, &rules).await
    });
    Ok(Json(executing.await.map_err(|_| Problem::unavailable())??))
}

impl From<MatrixError> for Problem {
    fn from(error: MatrixError) -> Self {
        match error {
            MatrixError::Tenant(error) => TenantError::into(error),
            MatrixError::Call(call) => of_call(&call),
            other => Self::new(StatusCode::BAD_GATEWAY, "MatrixFailed", other.to_string()),
        }
    }
}
