//! The runtime: calls through a connection to its connector's back end.
//!
//! | step | refusal |
//! |---|---|
//! | authenticate: a `Key` token or a bearer token | 401, `Error from token exchange: …` |
//! | check the connection's access list | 403, `Error from token exchange: …` |
//! | find the operation that the connector declares | 404, as API Management responds |
//! | check what the operation needs: values, a gateway, custom code | 400, 401 or 502 |
//! | get a source token, stored, exchanged or of the caller | 401 with the status; 502 or 504 |
//! | set the token, password or key, and apply the policies | 400 |
//! | call the back end | 502 or 504 |
//!
//! Every call records one journal event. Credentials are set on the outgoing request and used
//! nowhere else.

mod admission;
mod caller_identity;
mod content;
mod destination;
mod exchange;
mod fetching;
mod forward;
mod fuzzing;
mod headers;
mod loaded;
mod location;
mod outgoing;
mod path_parameters;
mod policies;
mod prepare;
mod query;
mod refusal;
mod response_policies;
mod stored_token;
mod target;
mod transforms;
mod values_from_urls;

use exchange::host_of;
use forward::forward;
pub use fuzzing::try_connector_files;
pub(crate) use headers::to_back_end;
pub(crate) use loaded::{CACHED_MAX as CONNECTIONS_CACHED_MAX, Loaded};
pub(crate) use outgoing::OutgoingRequest;
pub(crate) use refusal::RuntimeRefusal;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest as _, OriginalUri, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use http::StatusCode;
use outlive_chassis::Trace;
use outlive_clock::ConnectionId;

use crate::Hub;
use crate::arm::ControlCall;

pub(crate) fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/apim/{api}/{connection}", any(call))
        .route("/apim/{api}/{connection}/", any(call))
        .route("/apim/{api}/{connection}/{*path}", any(call))
}

async fn call(
    State(hub): State<Arc<Hub>>,
    trace: Trace,
    OriginalUri(uri): OriginalUri,
    mut request: Request,
) -> Result<Response, RuntimeRefusal> {
    let (method, headers) = (request.method().clone(), std::mem::take(request.headers_mut()));
    let body = Bytes::from_request(request, &()).await;
    // Percent-encoding is kept on the way to the back end.
    let mut parts = uri.path().strip_prefix("/apim/").unwrap_or_default().splitn(3, '/');
    let (api, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let path = parts.next().unwrap_or_default().to_owned();
    let source = host_of(hub.origin());
    let refuse = |refusal: RuntimeRefusal| refusal.with_source(source);
    let id: ConnectionId =
        id.parse().map_err(|error: uuid::Error| refuse(RuntimeRefusal::not_found().caused_by(error)))?;
    let admitted = admission::admit(&hub, api, id, &headers, &method, &path, &trace).await.map_err(refuse)?;
    let body = body.map_err(|error| {
        refuse(
            RuntimeRefusal::new(StatusCode::PAYLOAD_TOO_LARGE, "The request's content is too large.")
                .caused_by(error),
        )
    })?;
    let query = uri.query().map(str::to_owned);
    let outgoing = OutgoingRequest { method, path, query, headers, body };
    let mut response = forward(&hub, &admitted, outgoing, &trace).await.into_response();
    let obo = forward::on_behalf_of(&hub, &admitted, &trace).map_err(refuse)?.is_some();
    headers::add(response.headers_mut(), admitted.loaded.headers(), admitted.caller, obo);
    Ok(response)
}

/// Makes a call through a connection for a caller of the control plane, who has access to it.
pub(crate) async fn call_for(
    hub: &Arc<Hub>,
    loaded: Arc<Loaded>,
    call: &ControlCall,
    outgoing: OutgoingRequest,
) -> Result<Response, RuntimeRefusal> {
    let refuse = |refusal: RuntimeRefusal| refusal.with_source(host_of(hub.origin()));
    let admitted = admission::admit_control_call(hub, loaded, call, &outgoing.method, &outgoing.path)
        .await
        .map_err(refuse)?;
    let mut response = forward(hub, &admitted, outgoing, &call.trace).await?;
    let obo = forward::on_behalf_of(hub, &admitted, &call.trace).map_err(refuse)?.is_some();
    headers::add(response.headers_mut(), admitted.loaded.headers(), admitted.caller, obo);
    Ok(response)
}
