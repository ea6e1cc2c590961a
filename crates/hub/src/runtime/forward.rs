//! Forwards an admitted call to the back end, with a source token.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use outlive_chassis::Trace;
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::fingerprint;
use outlive_wire::JournalEvent;
use outlive_wire::events::{ConnectionBroken, ConnectionChallenged, RuntimeForwarded, RuntimeRefused};

use super::admission::{Admitted, recorded_path};
use super::caller_identity;
use super::exchange::{Unanswered, base_of, host_of};
use super::fetching::{self, Answered};
use super::headers;
use super::location;
use super::outgoing::{Facts, Fetched, OutgoingRequest};
use super::refusal::RuntimeRefusal;
use super::response_policies::{self, Links};
use super::stored_token;
use crate::Hub;
use crate::connection::{Status, runtime_url, storage};
use crate::connector::{Authentication, Operation, Policy};
use crate::credential::{
    Challenged, ExchangeCall, RefreshFailure, SourceToken, answer_challenge, is_exchanged, source_token,
};

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
    let mut sent = Sent::default();
    let outcome = match operation {
        Some(operation) => send(hub, admitted, operation, &outgoing, &mut sent, trace).await,
        None => Err(RuntimeRefusal::no_such_operation()),
    };
    let operation = operation.map(|operation| operation.id.clone());
    let Sent { access_token, challenged, unanswered } = sent;
    let payload = match &outcome {
        Ok(response) => JournalEvent::from(RuntimeForwarded {
            caller,
            method,
            path: recorded,
            operation,
            access_token,
            challenged,
            status: response.status().as_u16(),
            unanswered: unanswered.map(|unanswered| unanswered.why().to_owned()),
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
    let connection = admitted.loaded.connection();
    let event = Event::new(connection.tenant, admitted.now, connection.subject(), trace, payload);
    hub.chassis.journal.append(&event).await?;
    outcome.map_err(|refusal| refusal.with_source(source))
}

/// What was sent to the back end: fingerprints of access tokens.
#[derive(Default)]
struct Sent {
    access_token: Option<String>,
    /// The token that the back end rejected with a claims challenge.
    challenged: Option<String>,
    /// Why it did not respond to the last one.
    unanswered: Option<Unanswered>,
}

async fn send(
    hub: &Arc<Hub>,
    admitted: &Admitted,
    operation: &Operation,
    outgoing: &OutgoingRequest,
    sent: &mut Sent,
    trace: &Trace,
) -> Result<Response, RuntimeRefusal> {
    let connector = &admitted.connector;
    let values = admitted.loaded.values(&hub.chassis.sealer)?;
    let fetched = Fetched::default();
    let facts = Facts { connector, operation, values, outgoing, fetched: &fetched };
    if !admitted.loaded.is_complete_for(connector) {
        facts.check_connection(admitted.loaded.connection())?;
        admitted.loaded.remember_complete_for(connector);
    }
    facts.check_operation()?;
    let mut token = token(hub, admitted, &outgoing.headers, trace).await?;
    sent.access_token = token.as_ref().map(|token| token.fingerprint().to_owned());
    let mut answered = fetching::send(hub, &facts, token.as_deref(), trace).await?;
    if let (Some(refused), Ok(Answered { response, .. })) = (&token, &answered)
        && cae_capable(admitted)
        && let Some(challenged) = Challenged::of(response.status(), response.headers(), refused.secret())
    {
        sent.challenged = sent.access_token.take();
        // Few calls are challenged, so their futures have no room for it.
        let fresh = Box::pin(token_after_challenge(hub, admitted, &challenged, trace)).await?;
        sent.access_token = Some(fresh.fingerprint().to_owned());
        // Once only: the response to this request is returned whatever it is.
        answered = Box::pin(fetching::send(hub, &facts, Some(&fresh), trace)).await?;
        token = Some(fresh);
    }
    let Answered { destination, url, response } = match answered {
        Ok(answered) => answered,
        Err(unanswered) => return Ok(sent.unanswered.insert(unanswered).response(hub, trace)),
    };
    let status = response.status();
    if let Some(policy) = response_policies::ends_sign_in(&facts, status) {
        Box::pin(set_unauthenticated(hub, admitted, policy, status, trace)).await?;
    }
    let secrets = facts.secrets(token.as_deref());
    let mut headers = headers::to_caller(response.headers(), &secrets);
    // Where the state of an operation is, a trigger's next events, or a subscription.
    if matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED)
        && response.headers().contains_key(LOCATION)
    {
        let base = base_of(&destination)?;
        let at =
            location::through_hub(response.headers(), (&url, &base), admitted.loaded.connection(), &secrets);
        if let Some(at) = at {
            headers.insert(LOCATION, at);
        }
    }
    let mut forwarded = Response::new(Body::new(reqwest::Body::from(response)));
    *forwarded.status_mut() = status;
    *forwarded.headers_mut() = headers;
    let mut changed = {
        let at = runtime_url(admitted.loaded.connection(), hub.origin());
        let links = Links { destination: &destination, at: &at, secrets: &secrets };
        response_policies::apply(&facts, &links, forwarded).await?
    };
    headers::remove_secrets(changed.headers_mut(), &secrets);
    Ok(changed)
}

/// Sets the status of a connection whose back end responded with a status for which a policy does.
async fn set_unauthenticated(
    hub: &Hub,
    admitted: &Admitted,
    policy: &Policy,
    status: StatusCode,
    trace: &Trace,
) -> Result<(), RuntimeRefusal> {
    let connection = admitted.loaded.connection();
    if connection.status != Status::Connected {
        return Ok(());
    }
    let text = format!(
        "The back end responded {}, with which the policy {} ends the sign-in. Sign in again, or give the values of the \
         connection again.",
        status.as_u16(),
        policy.at
    );
    let (tenant, id) = (connection.tenant, connection.id);
    let broken = ConnectionBroken {
        error: format!("status_{}", status.as_u16()),
        answer: None,
        correlation: None,
        refresh_token: None,
    };
    let event = Event::new(tenant, admitted.now, connection.subject(), trace, broken);
    let mut change = Change::from(storage::keep_tokens(tenant, id, connection.tokens_revision));
    change.add(storage::set_status(tenant, id, &Status::Unauthenticated(text), admitted.now));
    change.append(hub.chassis.journal.entry(&event));
    match hub.chassis.store.commit(change).await {
        // The connection was changed or deleted meanwhile.
        Err(error) if !error.is_conflict() => Err(error.into()),
        _ => Ok(()),
    }
}

/// Returns the source token, or `None` if the connector needs none.
async fn token(
    hub: &Arc<Hub>,
    admitted: &Admitted,
    headers: &HeaderMap,
    trace: &Trace,
) -> Result<Option<Arc<SourceToken>>, RuntimeRefusal> {
    match &admitted.connector.properties.authentication {
        Authentication::None => return Ok(None),
        Authentication::ManagedIdentity { .. } => {
            let given = Box::pin(caller_identity::given_token(hub, admitted, headers, trace)).await?;
            return Ok(Some(Arc::new(given)));
        }
        Authentication::OAuth { .. } => {}
    }
    let token = match on_behalf_of(hub, admitted, trace)? {
        Some(call) => Box::pin(call.token(None)).await.map(|token| Arc::new(SourceToken::new(token))),
        None => {
            stored_token::check(hub, admitted).await?;
            source_token(hub, &admitted.loaded, admitted.now, trace).await
        }
    };
    token.map(Some).map_err(no_token_error)
}

/// Records a challenge, and returns a token that satisfies it.
async fn token_after_challenge(
    hub: &Arc<Hub>,
    admitted: &Admitted,
    challenged: &Challenged,
    trace: &Trace,
) -> Result<Arc<SourceToken>, RuntimeRefusal> {
    record_challenge(hub, admitted, challenged, trace).await?;
    let token = match on_behalf_of(hub, admitted, trace)? {
        Some(call) => call.token(Some(challenged)).await,
        None => answer_challenge(hub, admitted.loaded.connection(), challenged, trace).await,
    };
    token.map(|token| Arc::new(SourceToken::new(token))).map_err(no_token_error)
}

/// Returns how the caller's own token is exchanged, or `None` if the stored one is used: the
/// connection stores a refresh token, or no user calls.
pub(super) fn on_behalf_of(
    hub: &Arc<Hub>,
    admitted: &Admitted,
    trace: &Trace,
) -> Result<Option<Box<ExchangeCall>>, RuntimeRefusal> {
    let Some(assertion) = &admitted.assertion else { return Ok(None) };
    let Admitted { loaded, connector, now, .. } = admitted;
    Ok(is_exchanged(hub, loaded, connector)?.then(|| {
        Box::new(ExchangeCall {
            hub: Arc::clone(hub),
            connection: loaded.connection().clone(),
            connector: Arc::clone(connector),
            assertion: assertion.clone(),
            now: *now,
            trace: trace.clone(),
        })
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
    let connection = admitted.loaded.connection();
    let refused = fingerprint(challenged.refused.expose());
    let payload = ConnectionChallenged { access_token: refused.clone(), claims: challenged.claims.clone() };
    let event =
        Event::new(connection.tenant, admitted.now, connection.subject(), trace, payload).about([refused]);
    Ok(hub.chassis.store.commit(hub.chassis.journal.entry(&event)).await?)
}
