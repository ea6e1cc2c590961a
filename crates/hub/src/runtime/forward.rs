//! Forwards an admitted call to the back end, with a source token.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_chassis::Trace;
use outlive_journal::Event;
use outlive_tokens::{Secret, fingerprint};
use outlive_wire::JournalEvent;
use outlive_wire::events::{ConnectionChallenged, RuntimeForwarded, RuntimeRefused};
use serde_json::json;
use url::Url;

use super::admission::{Admitted, recorded_path};
use super::headers;
use super::outgoing::{Destination, Facts, OutgoingRequest, Prepared};
use super::refusal::RuntimeRefusal;
use super::response_policies;
use super::target::target;
use crate::Hub;
use crate::back_end::Unreachable;
use crate::connector::{Authentication, Operation};
use crate::credential::{
    Challenged, ExchangeCall, RefreshFailure, answer_challenge, is_exchanged, source_token,
};

/// The time limit of the back end (wall time), as for synchronous calls of the platform.
const TIMEOUT: Duration = Duration::from_secs(120);

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
    let operation = admitted.connector.swagger.operation(&method, &path);
    let mut tokens = SentTokens::default();
    let outcome = match operation {
        Some(operation) => send(hub, admitted, operation, &outgoing, &mut tokens, trace).await,
        None => Err(RuntimeRefusal::no_such_operation()),
    };
    let operation = operation.map(|operation| operation.id.clone());
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
    operation: &Operation,
    outgoing: &OutgoingRequest,
    sent: &mut SentTokens,
    trace: &Trace,
) -> Result<Response, RuntimeRefusal> {
    let connector = &admitted.connector;
    let values = &hub.values_of(&admitted.connection)?;
    let facts = Facts { connector, operation, values, outgoing };
    facts.check(&admitted.connection)?;
    let mut token = token(hub, admitted, trace).await?;
    sent.access_token = token.as_ref().map(|token| fingerprint(token.expose()));
    let mut response = match exchange(hub, facts.prepare(token.as_ref())?, trace).await? {
        Ok(response) => response,
        Err(error) => return Ok(error),
    };
    if let Some(refused) = &token
        && cae_capable(admitted)
        && let Some(challenged) = Challenged::of(response.status(), response.headers(), refused)
    {
        sent.challenged = sent.access_token.take();
        record_challenge(hub, admitted, &challenged, trace).await?;
        let fresh = match on_behalf_of(hub, admitted, trace)? {
            Some(call) => call.token(Some(&challenged)).await,
            None => answer_challenge(hub, &admitted.connection, &challenged, trace).await,
        };
        let fresh = fresh.map_err(no_token_error)?;
        sent.access_token = Some(fingerprint(fresh.expose()));
        // Once only: the response to this request is returned whatever it is.
        response = match exchange(hub, facts.prepare(Some(&fresh))?, trace).await? {
            Ok(response) => response,
            Err(error) => return Ok(error),
        };
        token = Some(fresh);
    }
    let status = response.status();
    let secrets = facts.secrets(token.as_ref());
    let headers = headers::to_caller(response.headers(), &secrets);
    let mut forwarded = Response::new(Body::new(reqwest::Body::from(response)));
    *forwarded.status_mut() = status;
    *forwarded.headers_mut() = headers;
    let mut changed = response_policies::apply(&facts, forwarded).await?;
    headers::remove_secrets(changed.headers_mut(), &secrets);
    Ok(changed)
}

/// Returns the URL of a call, as the connector and its policies give it.
fn url_of(prepared: &Prepared) -> Result<Url, RuntimeRefusal> {
    let Destination { scheme, host, base_path, is_public } = &prepared.destination;
    let base = Url::parse(&format!("{scheme}://{host}")).map_err(|error| {
        let named = if *is_public { format!(" '{host}'") } else { String::new() };
        let why = format!("The host{named} of this connector is not an address: {error}.");
        RuntimeRefusal::new(StatusCode::BAD_GATEWAY, why)
    })?;
    Ok(target(&base, base_path, &prepared.path, prepared.query.text().as_deref())?)
}

/// Sends a call to the back end. The inner error is the response if the back end does not respond.
async fn exchange(
    hub: &Hub,
    prepared: Prepared,
    trace: &Trace,
) -> Result<Result<reqwest::Response, Response>, RuntimeRefusal> {
    let url = url_of(&prepared)?;
    let is_public = prepared.destination.is_public;
    let refused = |unreachable: Unreachable| {
        if is_public {
            return unreachable.into();
        }
        let why = "The back end of this connector is not configured, or may not be called.";
        RuntimeRefusal::new(StatusCode::BAD_GATEWAY, why)
    };
    let request = hub.back_ends.request(trace, prepared.method, &url).map_err(refused)?;
    let request = request.headers(prepared.headers).timeout(TIMEOUT);
    let request = if prepared.body.is_empty() { request } else { request.body(prepared.body) };
    match request.send().await {
        Ok(response) => Ok(Ok(response)),
        Err(error) => match Unreachable::caused(&error, &url) {
            Some(unreachable) => Err(refused(unreachable)),
            None => Ok(Err(gateway_error(hub, trace, error.is_timeout()))),
        },
    }
}

/// Returns the source token, or `None` if the connector needs none.
async fn token(hub: &Arc<Hub>, admitted: &Admitted, trace: &Trace) -> Result<Option<Secret>, RuntimeRefusal> {
    if admitted.connector.properties.authentication == Authentication::None {
        return Ok(None);
    }
    let token = match on_behalf_of(hub, admitted, trace)? {
        Some(call) => call.token(None).await,
        None => {
            let stored = admitted.credential.as_ref();
            source_token(hub, &admitted.connection, stored, admitted.now, trace).await
        }
    };
    token.map(Some).map_err(no_token_error)
}

/// Returns how the caller's own token is exchanged, or `None` if the stored one is used: the
/// connection stores a refresh token, or no user calls.
pub(super) fn on_behalf_of(
    hub: &Arc<Hub>,
    admitted: &Admitted,
    trace: &Trace,
) -> Result<Option<ExchangeCall>, RuntimeRefusal> {
    let Some(assertion) = &admitted.assertion else { return Ok(None) };
    let Admitted { connection, connector, credential, now, .. } = admitted;
    Ok(is_exchanged(hub, connection, connector, credential.as_ref())?.then(|| ExchangeCall {
        hub: Arc::clone(hub),
        connection: connection.clone(),
        connector: Arc::clone(connector),
        assertion: assertion.clone(),
        now: *now,
        trace: trace.clone(),
    }))
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
fn gateway_error(hub: &Hub, trace: &Trace, timed_out: bool) -> Response {
    let (status, message) = if timed_out {
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

pub(super) fn host_of(origin: &str) -> String {
    origin.split_once("://").map_or(origin, |(_, host)| host).to_owned()
}
