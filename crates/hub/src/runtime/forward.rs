//! Making an admitted call: a source token, the back end, the way back.

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

use super::admission::{Admitted, shown};
use super::refusal::RuntimeRefusal;
use super::target::{BadTarget, target};
use super::{headers, host_of};
use crate::Hub;
use crate::connector::Authentication;
use crate::credential::{Challenged, RefreshFailure, answer_challenge, source_token};

/// How long, in wall time, a back end may take: what the platform gives a synchronous call.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What goes out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// What follows the connection, percent-encoded as it came.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Makes the call and writes its line. Refusals are written too, and come back ready to be answered.
pub(crate) async fn forward(
    hub: &Arc<Hub>,
    admitted: &Admitted,
    outgoing: Outgoing,
    trace: &Trace,
) -> Result<Response, RuntimeRefusal> {
    let source = host_of(hub.origin());
    let (caller, method) = (admitted.principal.to_string(), outgoing.method.as_str().to_owned());
    let (path, recorded_path) = (format!("/{}", outgoing.path), shown(&outgoing.path));
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
            path: recorded_path,
            operation,
            access_token,
            challenged,
            status: response.status().as_u16(),
        }),
        Err(refusal) => JournalEvent::from(RuntimeRefused {
            caller: Some(caller),
            method,
            path: recorded_path,
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
    outcome.map_err(|refusal| refusal.in_the_name_of(&source))
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
    outgoing: Outgoing,
    sent: &mut SentTokens,
    trace: &Trace,
) -> Result<Response, RuntimeRefusal> {
    let swagger = &admitted.connector.swagger;
    let base = hub.config.back_ends.of_host(&swagger.host).ok_or_else(|| {
        RuntimeRefusal::new(
            StatusCode::BAD_GATEWAY,
            format!("The back end {} of this connector is not known here.", swagger.host),
        )
    })?;
    let url =
        target(base, &swagger.base_path, &outgoing.path, outgoing.query.as_deref()).map_err(|error| {
            match error {
                BadTarget::Outside => RuntimeRefusal::no_such_operation(),
                BadTarget::TooLong => {
                    RuntimeRefusal::new(StatusCode::BAD_REQUEST, "The path and query are too long.")
                }
            }
        })?;
    let mut token = token(hub, admitted, trace).await?;
    sent.access_token = token.as_ref().map(|token| fingerprint(token.expose()));
    let ask = |token: Option<&Secret>| {
        request(hub, admitted, &outgoing, url.clone(), token, trace).map(reqwest::RequestBuilder::send)
    };
    let mut answer = match ask(token.as_ref())?.await {
        Ok(answer) => answer,
        Err(error) => return Ok(gateway_error(hub, trace, error.is_timeout())),
    };
    if let Some(refused) = &token
        && can_be_challenged(admitted)
        && let Some(challenged) = Challenged::of(answer.status(), answer.headers(), refused)
    {
        sent.challenged = sent.access_token.take();
        note_challenge(hub, admitted, &challenged, trace).await?;
        let fresh =
            answer_challenge(hub, &admitted.connection, &challenged, trace).await.map_err(no_token)?;
        sent.access_token = Some(fingerprint(fresh.expose()));
        // Once: the body is all here, and whatever the back end says now is its answer.
        answer = match ask(Some(&fresh))?.await {
            Ok(answer) => answer,
            Err(error) => return Ok(gateway_error(hub, trace, error.is_timeout())),
        };
        token = Some(fresh);
    }
    let status = answer.status();
    let headers = headers::to_caller(answer.headers(), token.as_ref().map(Secret::expose));
    let mut response = Response::new(Body::new(reqwest::Body::from(answer)));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn request(
    hub: &Hub,
    admitted: &Admitted,
    outgoing: &Outgoing,
    url: Url,
    token: Option<&Secret>,
    trace: &Trace,
) -> Result<reqwest::RequestBuilder, RuntimeRefusal> {
    let mut headers = headers::to_back_end(&outgoing.headers, &admitted.connector.swagger.header_parameters);
    if let Some(token) = token {
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
            RuntimeRefusal::new(StatusCode::BAD_GATEWAY, "The source token is none that can be sent.")
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let request =
        hub.chassis.http.request(trace, outgoing.method.clone(), url).headers(headers).timeout(TIMEOUT);
    Ok(if outgoing.body.is_empty() { request } else { request.body(outgoing.body.clone()) })
}

/// The token for the data source; `None` where the connector needs none.
async fn token(hub: &Arc<Hub>, admitted: &Admitted, trace: &Trace) -> Result<Option<Secret>, RuntimeRefusal> {
    if admitted.connector.properties.authentication == Authentication::None {
        return Ok(None);
    }
    let result = match &admitted.credential {
        None => Err(RefreshFailure::NotAuthenticated),
        Some(credential) => source_token(hub, &admitted.connection, credential, admitted.now, trace).await,
    };
    result.map(Some).map_err(no_token)
}

/// What the caller is told when there is no source token.
fn no_token(failure: RefreshFailure) -> RuntimeRefusal {
    match failure {
        RefreshFailure::NotAuthenticated => RuntimeRefusal::new(
            StatusCode::UNAUTHORIZED,
            "The connection does not contain an access token. Please edit the connection and login.",
        ),
        RefreshFailure::Refused(text) => RuntimeRefusal::new(StatusCode::UNAUTHORIZED, text),
        RefreshFailure::Transient(timed_out) => RuntimeRefusal::new(
            if timed_out { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY },
            "The identity provider did not answer as it should, so that the access token could not be refreshed. \
             The connection stays connected; try again.",
        ),
        RefreshFailure::Internal(problem) => problem.into(),
    }
}

/// Whether the connector says that it answers claims challenges; otherwise the caller gets the back end's 401.
fn can_be_challenged(admitted: &Admitted) -> bool {
    matches!(
        &admitted.connector.properties.authentication,
        Authentication::OAuth { settings, .. } if settings.can_be_challenged
    )
}

async fn note_challenge(
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

/// The answer when the back end gives none.
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
        "innerError": "The back end of the connector did not answer.",
    }});
    (status, axum::Json(body)).into_response()
}
