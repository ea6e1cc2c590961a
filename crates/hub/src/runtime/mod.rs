//! The runtime: calls through a connection to its connector's back end.
//!
//! | step | refusal |
//! |---|---|
//! | authenticate: a `Key` token or a bearer token | 401, `Error from token exchange: …` |
//! | check the connection's access list | 403, `Error from token exchange: …` |
//! | find the operation that the connector declares | 404, as API Management responds |
//! | get a source token | 401 with the status message; 502 or 504 if the issuer fails |
//! | call the back end, with `Authorization: Bearer <source token>` | 502 or 504 |
//!
//! Every call records one journal event. The source token is set on the outgoing request and used
//! nowhere else.

mod admission;
mod forward;
mod headers;
mod refusal;
mod target;

pub(crate) use admission::Admitted;
use forward::host_of;
pub(crate) use forward::{OutgoingRequest, forward};
pub use target::BackEnds;

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use outlive_chassis::Trace;
use outlive_clock::ConnectionId;

use crate::Hub;
use refusal::RuntimeRefusal;

pub(crate) fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/apim/{api}/{connection}", any(call))
        .route("/apim/{api}/{connection}/", any(call))
        .route("/apim/{api}/{connection}/{*path}", any(call))
}

async fn call(
    State(hub): State<Arc<Hub>>,
    trace: Trace,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let source = host_of(hub.origin());
    // Percent-encoding is kept on the way to the back end.
    let mut parts = uri.path().strip_prefix("/apim/").unwrap_or_default().splitn(3, '/');
    let (api, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let path = parts.next().unwrap_or_default().to_owned();
    let Ok(id) = id.parse::<ConnectionId>() else {
        return RuntimeRefusal::not_found().respond(&source);
    };
    let admitted = match admission::admit(&hub, api, id, &headers, &method, &path, &trace).await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.respond(&source),
    };
    let Ok(body) = body else {
        return RuntimeRefusal::new(StatusCode::PAYLOAD_TOO_LARGE, "The request's content is too large.")
            .respond(&source);
    };
    let query = uri.query().map(str::to_owned);
    let outgoing = OutgoingRequest { method, path, query, headers, body };
    let mut response = match forward(&hub, &admitted, outgoing, &trace).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    let added = headers::added(admitted.connection.tenant, admitted.connection.owner, Some(admitted.caller));
    response.headers_mut().extend(added);
    response
}
