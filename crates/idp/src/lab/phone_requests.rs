//! `GET /_lab/tenants/{t}/phone-requests?user=UPN`: the ceremonies of passkeys that wait for the
//! phone of a user. `POST` of one responds to it, as a device would; `GET` of one with the
//! credential of a response says whether the page registered it.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_store::Change;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::sign_in::passkeys::{open_requests, registration, respond};

/// The maximum length of a response.
const RESPONSE_MAX: usize = 32 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    user: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Made {
    credential: String,
}

/// The response; none if the user declined.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    credential: Option<String>,
}

pub(crate) async fn list(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    query: Result<Query<Of>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let Query(Of { user }) = query?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let open = open_requests(&idp.chassis.store, tenant.id, &user, now).await?;
    let requests = open.iter().map(|request| {
        json!({
            "id": request.challenge, "user_name": request.user_name, "purpose": request.purpose,
            "origin": request.origin, "options": request.options, "asked": request.asked, "number": request.number,
            "names_user": !request.user_name.is_empty(),
        })
    });
    Ok(Json(json!({ "requests": requests.collect::<Vec<_>>() })))
}

pub(crate) async fn show(
    State(idp): State<Idp>,
    Path((tenant, request)): Path<(String, String)>,
    query: Result<Query<Made>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let Query(Made { credential }) = query?;
    let now = idp.chassis.clocks.now(tenant.id).await?;
    let state = registration(&idp.chassis.store, tenant.id, &request, &credential, now).await?;
    Ok(Json(json!({ "registration": state })))
}

pub(crate) async fn answer(
    State(idp): State<Idp>,
    Path((tenant, request)): Path<(String, String)>,
    body: Result<Json<Response>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let Json(Response { credential }) = body?;
    if credential.as_ref().is_some_and(|credential| credential.is_empty() || credential.len() > RESPONSE_MAX)
    {
        return Err(Problem::bad_request("'credential' is empty or too long."));
    }
    let change = Change::from(respond(tenant.id, &request, credential.as_deref()));
    match idp.chassis.store.commit(change).await {
        Err(error) if error.is_conflict() => Err(Problem::not_found(
            "RequestNotFound",
            "No page waits for this request: it expired, or a phone responded already.",
        )),
        answered => Ok(answered.map(|()| StatusCode::NO_CONTENT)?),
    }
}
