//! `POST /orders`.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode, Uri};
use outlive_chassis::{CallerOrigin, PeerCertificate, Trace};

use super::new_order::{BODY_BYTES_MAX, NewOrder, too_large};
use super::{Order, OrderId, table};
use crate::Permission;
use crate::api::Api;
use crate::caller::{Caller, Served};
use crate::refusal::Refusal;
use crate::rejection::{Rejection, RequestHead};

pub(crate) async fn create(
    State(api): State<Arc<Api>>,
    trace: Trace,
    certificate: Option<Extension<PeerCertificate>>,
    origin: CallerOrigin,
    (method, uri, headers): (Method, Uri, HeaderMap),
    body: Body,
) -> Result<Response, Rejection> {
    let certificate = certificate.as_deref();
    let head = RequestHead { method: &method, uri: &uri, headers: &headers, certificate, trace: &trace };
    let caller = api.admit(head, Permission::WRITE).await?;
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let outcome = body
        .map_err(|error| too_large().caused_by(error).into())
        .and_then(|body| place(&api, &caller, &origin, &headers, &body));
    caller.conclude(outcome).await
}

fn place(
    api: &Api,
    caller: &Caller<'_>,
    origin: &CallerOrigin,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Served, Refusal> {
    let NewOrder { customer, item, quantity } = NewOrder::read(headers, body)?;
    let mut ids = api.chassis.random.of(caller.tenant()).stream("order-id");
    let order = Order {
        id: OrderId::generate(&mut ids),
        customer,
        item,
        quantity,
        created_date_time: caller.now(),
        created_by: Some(caller.creator()),
    };
    let location = format!("{origin}{}/orders/{}", caller.prefix(), order.id.as_str());
    let change = table::insert(caller.tenant(), &order).into();
    let response = (StatusCode::CREATED, [(LOCATION, location)], Json(order)).into_response();
    Ok(Served { response, orders: 1, change })
}
