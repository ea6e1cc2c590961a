//! `GET /orders`.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, Method, Uri};
use outlive_chassis::{CallerOrigin, PeerCertificate, Trace};
use outlive_store::Change;
use serde_json::json;

use super::paging::{Page, PageQuery};
use super::table;
use crate::Permission;
use crate::api::Api;
use crate::caller::{Caller, Served};
use crate::refusal::Refusal;
use crate::rejection::{Rejection, RequestHead};

pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    trace: Trace,
    certificate: Option<Extension<PeerCertificate>>,
    origin: CallerOrigin,
    (method, uri, headers): (Method, Uri, HeaderMap),
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Response, Rejection> {
    let certificate = certificate.as_deref();
    let head = RequestHead { method: &method, uri: &uri, headers: &headers, certificate, trace: &trace };
    let caller = api.admit(head, Permission::READ).await?;
    caller.conclude(page(&api, &caller, &origin, query).await).await
}

async fn page(
    api: &Api,
    caller: &Caller<'_>,
    origin: &CallerOrigin,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Served, Refusal> {
    let page = Page::read(query.map(|Query(query)| query))?;
    // One more than the page holds, to know whether another follows.
    let mut orders =
        table::list(&api.chassis.store, caller.tenant(), page.after.as_ref(), page.top + 1).await?;
    let more = orders.len() > page.top as usize;
    orders.truncate(page.top as usize);
    let mut body = json!({ "value": orders });
    if let Some(last) = orders.last().filter(|_| more) {
        body["@odata.nextLink"] = page.next_link(&format!("{origin}{}", caller.prefix()), &last.id).into();
    }
    Ok(Served { response: Json(body).into_response(), orders: orders.len(), change: Change::new() })
}
