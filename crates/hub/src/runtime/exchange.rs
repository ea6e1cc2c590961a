//! Sends one request to a back end.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use http::StatusCode;
use outlive_chassis::{Trace, came_too_late};
use serde_json::json;
use url::Url;

use super::outgoing::{Destination, Prepared};
use super::refusal::RuntimeRefusal;
use super::target::target;
use crate::Hub;
use crate::back_end::Unreachable;

/// The time limit of the back end (wall time), as for synchronous calls of the platform.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Returns the URL of a call, as the connector and its policies give it.
pub(super) fn url_of(prepared: &Prepared) -> Result<Url, RuntimeRefusal> {
    let base = origin_of(&prepared.destination)?;
    Ok(target(&base, &prepared.destination.base_path, &prepared.path, prepared.query.text().as_deref())?)
}

fn origin_of(destination: &Destination) -> Result<Url, RuntimeRefusal> {
    let Destination { scheme, host, origin, is_public, .. } = destination;
    if let Some(origin) = origin {
        return Ok(origin.clone());
    }
    Url::parse(&format!("{scheme}://{host}")).map_err(|error| {
        let named = if *is_public { format!(" '{host}'") } else { String::new() };
        let why = format!("The host{named} of this connector is not an address: {error}.");
        RuntimeRefusal::new(StatusCode::BAD_GATEWAY, why)
    })
}

/// Returns the address below which all calls of a connector are.
pub(super) fn base_of(destination: &Destination) -> Result<Url, RuntimeRefusal> {
    let mut base = origin_of(destination)?;
    base.set_path(&destination.base_path);
    Ok(base)
}

/// The back end of a call did not respond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unanswered {
    timed_out: bool,
}

impl Unanswered {
    /// What happened, as part of a sentence.
    pub(super) const fn why(self) -> &'static str {
        if self.timed_out {
            "the back end did not respond in time"
        } else {
            "the back end could not be reached"
        }
    }

    /// The hub's own response to the caller.
    pub(super) fn response(self, hub: &Hub, trace: &Trace) -> Response {
        let (status, message) = if self.timed_out {
            (StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout")
        } else {
            (StatusCode::BAD_GATEWAY, "BadGateway")
        };
        let body = json!({"error": {
            "code": status.as_u16(),
            "source": host_of(hub.origin()),
            "clientRequestId": trace.client_request_id.unwrap_or(trace.request_id),
            "message": message,
            "innerError": "The back end of the connector did not respond.",
        }});
        (status, axum::Json(body)).into_response()
    }
}

/// Sends a call to the back end. The inner error is that of a back end that does not respond.
///
/// It is no `async fn`, whose future would contain the call twice.
pub(super) fn exchange(
    hub: &Hub,
    prepared: Prepared,
    url: &Url,
    trace: &Trace,
) -> Result<impl Future<Output = Result<Result<reqwest::Response, Unanswered>, RuntimeRefusal>>, RuntimeRefusal>
{
    let is_public = prepared.destination.is_public;
    let refused = move |unreachable: Unreachable| {
        if is_public {
            return unreachable.into();
        }
        let why = "The back end of this connector is not configured, or may not be called.";
        RuntimeRefusal::new(StatusCode::BAD_GATEWAY, why)
    };
    let request = hub.back_ends.request(trace, prepared.method, url).map_err(refused)?;
    let request = request.headers(prepared.headers).timeout(TIMEOUT);
    let request = if prepared.body.is_empty() { request } else { request.body(prepared.body) };
    Ok(request.send().map(move |sent| match sent {
        Ok(mut response) => {
            let is_late = came_too_late(response.headers_mut(), TIMEOUT);
            Ok(if is_late { Err(Unanswered { timed_out: true }) } else { Ok(response) })
        }
        Err(error) => match Unreachable::caused(&error, url) {
            Some(unreachable) => Err(refused(unreachable)),
            None => Ok(Err(Unanswered { timed_out: error.is_timeout() })),
        },
    }))
}

pub(super) fn host_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}
