//! `/lab/tenants/{t}/why`: the explanation of a token, code, cookie, connection or run.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::problem::{of_body, tenant_of};
use crate::tenants::Tenants;
use crate::why::{Possible, Why};

/// The credential, connection or run to explain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// A token, code or cookie, or its id, `uti` or fingerprint; the id of a connection; the name
    /// of a run.
    of: String,
    /// An event, to add the verdict after it: a row of the revocation table
    /// (`password_changed_by_user`), `account_disabled` or `user_deleted`.
    #[serde(default)]
    after: Option<String>,
}

/// The query parameters of an explanation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// An event, to add the verdict after it: a row of the revocation table
    /// (`password_changed_by_user`), `account_disabled` or `user_deleted`.
    after: Option<String>,
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/why/{id}",
    params(("tenant" = String, Path, description = "tenant id"),
        ("id" = String, Path, description = "id, `uti` or fingerprint of a token, code or cookie; id of a connection; name of a run"), Asked),
    responses((status = 200, description = "the explanation", body = Object), (status = 404, description = "nothing of that name")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path((tenant, id)): Path<(String, String)>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Why>, Problem> {
    let Query(Asked { after }) = asked?;
    explain(&tenants, &tenant, &id, after).await
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/why", params(("tenant" = String, Path, description = "tenant id")),
    request_body = Of,
    responses((status = 200, description = "the explanation; here the credential itself may be given, which is neither kept nor \
        logged", body = Object), (status = 404, description = "nothing of that name")))]
pub(crate) async fn ask(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<Of>, JsonRejection>,
) -> Result<Json<Why>, Problem> {
    let Json(Of { of, after }) = body.map_err(|rejection| of_body(&rejection))?;
    explain(&tenants, &tenant, &of, after).await
}

async fn explain(
    tenants: &Tenants,
    tenant: &str,
    id: &str,
    after: Option<String>,
) -> Result<Json<Why>, Problem> {
    let unknown = || {
        Problem::bad_request(
            "'after' is no event: write a row of the revocation table, account_disabled or user_deleted.",
        )
    };
    let event = after.map(|name| Possible::named(&name).ok_or_else(unknown)).transpose()?;
    let why = tenants.why(tenant_of(tenant)?, id, event).await?;
    why.map(Json).ok_or_else(|| {
        Problem::not_found(
            "NothingOfThatName",
            "No token, code, cookie, connection or run of that name is known in this tenant. The journal names them: by id, uti or \
             fingerprint; connection:ID; run:NAME.",
        )
    })
}
