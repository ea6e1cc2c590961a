//! Forwards an admitted call to the back end, with a source token.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use outlive_chassis::Trace;
use outlive_journal::Event;
use outlive_tokens::{Secret, fingerprint};
use outlive_wire::JournalEvent;
use outlive_wire::events::{ConnectionChallenged, RuntimeForwarded, RuntimeRefused};
use serde_json::json;
use url::Url;

use super::admission::{Admitted, recorded_path};
use super::headers;
use super::refusal::RuntimeRefusal;
use super::target::{BadTarget, target};
use crate::Hub;
use crate::back_end::Unreachable;
use crate::connector::{Authentication, Swagger};
use crate::credential::{Challenged, RefreshFailure, answer_challenge, source_token};

/// The time limit of the back end (wall time), as for synchronous calls of the platform.
const TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(crate) struct OutgoingRequest {
    pub(crate) method: Method,
    /// The path after the connection id, percent-encoded as received.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Forwards the call and records the event, also for a refusal.
pub(crate) async fn forward(
    hub: &Arc<Hub>,
    admitted: &Admitted,
    outgoing: OutgoingRequest,
    trace: &Trace,
) -> Result<Response, RuntimeRefusal> {
    let source = host_of(hub.origin());
    let (caller, method) = (admitted.principal.to_string(), outgoing.method.as_str().to_owned());
    let (path, recorded) = (format!("/{}", outgoing.path), recorded_path(&outgoing.path));
    let operation =
        admitted.connector.swagger.operation(&method, &path).map(|operation| operation.id.clone());
    let mut tokens = SentTokens::default();
    let outcome = if operation.is_some() {
        send(hub, admitted, outgoing, &mut tokens, trace).await
    } else {
        Err(RuntimeRefusal::no_such_operation())
    };
    let SentTokens { access_token, challenged } = tokens;
    let payload = match &outcome {
        Ok(response) => JournalEvent::from(RuntimeForwarded {
            caller,
            method,
            path: recorded,
            operation,
            access_token,
            challenged,
            status: response.status().as_u16(),
        }),
        Err(refusal) => JournalEvent::from(RuntimeRefused {
            caller: Some(caller),
            method,
            path: recorded,
            operation,
            access_token,
            challenged,
            status: refusal.status.as_u16(),
            why: refusal.message.clone(),
        }),
    };
    let connection = &admitted.connection;
    let event = Event::new(connection.tenant, admitted.now, connection.subject(), trace, payload);
    hub.chassis.journal.append(&event).await?;
    outcome.map_err(|refusal| refusal.with_source(&source))
}

/// Fingerprints of the access tokens that were sent to the back end.
#[derive(Default)]
struct SentTokens {
    access_token: Option<String>,
    /// The token that the back end rejected with a claims challenge.
    challenged: Option<String>,
}

async fn send(
    hub: &Arc<Hub>,
    admitted: &Admitted,
    outgoing: OutgoingRequest,
    sent: &mut SentTokens,
    trace: &Trace,
) -> Result<Response, RuntimeRefusal> {
    let swagger = &admitted.connector.swagger;
    let base = base_url(swagger)?;
    let url =
        target(&base, &swagger.base_path, &outgoing.path, outgoing.query.as_deref()).map_err(|error| {
            match error {
                BadTarget::Outside => RuntimeRefusal::no_such_operation(),
                BadTarget::TooLong => {
                    RuntimeRefusal::new(StatusCode::BAD_REQUEST, "The path and query are too long.")
                }
            }
        })?;
    let mut token = token(hub, admitted, trace).await?;
    sent.access_token = token.as_ref().map(|token| fingerprint(token.expose()));
    let send_request = |token: Option<&Secret>| {
        request(hub, admitted, &outgoing, &url, token, trace).map(reqwest::RequestBuilder::send)
    };
    let mut response = match send_request(token.as_ref())?.await {
        Ok(response) => response,
        Err(error) => return gateway_error(hub, &error, &url, trace),
    };
    if let Some(refused) = &token
        && cae_capable(admitted)
        && let Some(challenged) = Challenged::of(response.status(), response.headers(), refused)
    {
        sent.challenged = sent.access_token.take();
        record_challenge(hub, admitted, &challenged, trace).await?;
        let fresh =
            answer_challenge(hub, &admitted.connection, &challenged, trace).await.map_err(no_token_error)?;
        sent.access_token = Some(fingerprint(fresh.expose()));
        // Once only: the response to this request is returned whatever it is.
        response = match send_request(Some(&fresh))?.await {
            Ok(response) => response,
            Err(error) => return gateway_error(hub, &error, &url, trace),
        };
        token = Some(fresh);
    }
    let status = response.status();
    let headers = headers::to_caller(response.headers(), token.as_ref().map(Secret::expose));
    let mut forwarded = Response::new(Body::new(reqwest::Body::from(response)));
    *forwarded.status_mut() = status;
    *forwarded.headers_mut() = headers;
    Ok(forwarded)
}

/// Returns the address of the back end in the connector's file.
fn base_url(swagger: &Swagger) -> Result<Url, RuntimeRefusal> {
    let address = format!("{}://{}", swagger.scheme, swagger.host);
    Url::parse(&address).map_err(|error| {
        let why = format!("The host '{}' of this connector is not an address: {error}.", swagger.host);
        RuntimeRefusal::new(StatusCode::BAD_GATEWAY, why)
    })
}

fn request(
    hub: &Hub,
    admitted: &Admitted,
    outgoing: &OutgoingRequest,
    url: &Url,
    token: Option<&Secret>,
    trace: &Trace,
) -> Result<reqwest::RequestBuilder, RuntimeRefusal> {
    let mut headers = headers::to_back_end(&outgoing.headers, &admitted.connector.swagger.header_parameters);
    if let Some(token) = token {
        // Without its source: the token is a secret.
        let Ok(mut value) = HeaderValue::try_from(format!("Bearer {}", token.expose())) else {
            return Err(RuntimeRefusal::new(
                StatusCode::BAD_GATEWAY,
                "The access token contains characters that are not valid in a header.",
            ));
        };
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let request =
        hub.back_ends.request(trace, outgoing.method.clone(), url)?.headers(headers).timeout(TIMEOUT);
    Ok(if outgoing.body.is_empty() { request } else { request.body(outgoing.body.clone()) })
}

/// Returns the source token, or `None` if the connector needs none.
async fn token(hub: &Arc<Hub>, admitted: &Admitted, trace: &Trace) -> Result<Option<Secret>, RuntimeRefusal> {
    if admitted.connector.properties.authentication == Authentication::None {
        return Ok(None);
    }
    let stored = admitted.credential.as_ref();
    let token = source_token(hub, &admitted.connection, stored, admitted.now, trace).await;
    token.map(Some).map_err(no_token_error)
}

/// The error response for a call without a source token.
fn no_token_error(failure: RefreshFailure) -> RuntimeRefusal {
    match failure {
        RefreshFailure::NotAuthenticated => RuntimeRefusal::new(
            StatusCode::UNAUTHORIZED,
            "The connection does not contain an access token. Please edit the connection and login.",
        ),
        RefreshFailure::Refused(text) => RuntimeRefusal::new(StatusCode::UNAUTHORIZED, text),
        RefreshFailure::Transient(timed_out) => RuntimeRefusal::new(
            if timed_out { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY },
            "The access token could not be refreshed because the identity provider did not return a valid response. \
             The connection stays connected; try again.",
        ),
        RefreshFailure::Internal(problem) => problem.into(),
    }
}

/// Whether the connector is CAE-capable; otherwise the caller gets the back end's 401.
fn cae_capable(admitted: &Admitted) -> bool {
    matches!(
        &admitted.connector.properties.authentication,
        Authentication::OAuth { settings, .. } if settings.cae_capable
    )
}

async fn record_challenge(
    hub: &Hub,
    admitted: &Admitted,
    challenged: &Challenged,
    trace: &Trace,
) -> Result<(), RuntimeRefusal> {
    let connection = &admitted.connection;
    let refused = fingerprint(challenged.refused.expose());
    let payload = ConnectionChallenged { access_token: refused.clone(), claims: challenged.claims.clone() };
    let event =
        Event::new(connection.tenant, admitted.now, connection.subject(), trace, payload).about([refused]);
    Ok(hub.chassis.store.commit(hub.chassis.journal.entry(&event)).await?)
}

/// The response if the back end could not be reached.
fn gateway_error(
    hub: &Hub,
    error: &reqwest::Error,
    url: &Url,
    trace: &Trace,
) -> Result<Response, RuntimeRefusal> {
    if let Some(unreachable) = Unreachable::caused(error, url) {
        return Err(unreachable.into());
    }
    let (status, message) = if error.is_timeout() {
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
    Ok((status, axum::Json(body)).into_response())
}

pub(super) fn host_of(origin: &str) -> String {
    origin.split_once("://").map_or(origin, |(_, host)| host).to_owned()
}
