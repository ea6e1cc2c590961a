//! `GET /orders/{id}`.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, Method, Uri};
use outlive_chassis::{PeerCertificate, Problem, Trace};
use outlive_store::Change;

use super::{OrderId, table};
use crate::Permission;
use crate::api::Api;
use crate::caller::{Caller, Served};
use crate::refusal::Refusal;
use crate::rejection::{Rejection, RequestHead};

pub(crate) async fn read(
    State(api): State<Arc<Api>>,
    trace: Trace,
    certificate: Option<Extension<PeerCertificate>>,
    (method, uri, headers): (Method, Uri, HeaderMap),
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Rejection> {
    let certificate = certificate.as_deref();
    let head = RequestHead { method: &method, uri: &uri, headers: &headers, certificate, trace: &trace };
    let caller = api.admit(head, Permission::READ).await?;
    caller.conclude(order(&api, &caller, id.ok()).await).await
}

async fn order(api: &Api, caller: &Caller<'_>, id: Option<Path<String>>) -> Result<Served, Refusal> {
    let id = id.and_then(|Path(id)| OrderId::parse(&id));
    let found = match id {
        Some(id) => table::find(&api.chassis.store, caller.tenant(), &id).await?,
        None => None,
    };
    let order = found.ok_or_else(|| Problem::not_found("OrderNotFound", "There is no such order."))?;
    Ok(Served { response: Json(order).into_response(), orders: 1, change: Change::new() })
}
