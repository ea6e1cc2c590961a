//! `/firstPartyLogin?data=`: a user signs in for a connection with a token for the hub, without a
//! browser and without a consent page. The connector's application has pre-authorized the hub's.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use http::header::{AUTHORIZATION, CACHE_CONTROL};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use outlive_chassis::{ClockError, Problem, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::SealedToken;
use outlive_wire::events::{ConnectionConnected, ConsentFailed};
use serde_json::{Value, json};
use uuid::Uuid;

use super::attempt::{self, Attempt};
use super::tickets::LoginLink;
use crate::Hub;
use crate::arm::{ArmRefusal, Caller, JsonBody, Mistakes, authenticate};
use crate::connection::{self, Connection, Status, sign_in_failed};
use crate::connector::{Authentication, Connector, OAuthSettings};
use crate::credential::{Assertion, ExchangeCall, ExchangeFailure, Granted, Rejected, Tokens, storage};

type Data = Result<Query<HashMap<String, String>>, QueryRejection>;
type Answer = ([(HeaderName, &'static str); 1], Json<Value>);

/// A valid link, with its connection.
struct Link {
    tenant: TenantId,
    now: Instant,
    attempt: Attempt,
    connection: Connection,
    connector: Arc<Connector>,
}

fn answer(status: &str) -> Answer {
    ([(CACHE_CONTROL, "no-store")], Json(json!({ "status": status })))
}

fn unusable(message: &str) -> ArmRefusal {
    ArmRefusal::new(StatusCode::BAD_REQUEST, "InvalidLoginLink", message)
}

impl Link {
    async fn open(hub: &Hub, query: Data) -> Result<Self, ArmRefusal> {
        let broken = || unusable("The link is incomplete or damaged. Request a new one by listConsentLinks.");
        let Query(query) = query.map_err(|error| broken().caused_by(error))?;
        let data = query.get("data").ok_or_else(broken)?;
        let link = LoginLink::open(&hub.chassis.sealer, data).map_err(|error| broken().caused_by(error))?;
        let tenant = link.tenant;
        let now = hub.chassis.clocks.now(tenant).await.map_err(|error| match error {
            ClockError::UnknownTenant(_) => unusable("The tenant of this link was deleted."),
            ClockError::Store(error) => error.into(),
        })?;
        let attempt = attempt::find(&hub.chassis.store, tenant, link.attempt).await?;
        let attempt =
            attempt.filter(|attempt| !attempt.finished && now < attempt.link_expires).ok_or_else(|| {
                unusable("The link was used or has expired: it can be used once, within ten minutes.")
            })?;
        let found = connection::storage::find(&hub.chassis.store, tenant, attempt.connection).await?;
        let (connection, _) = found.ok_or_else(|| unusable("The connection of this link was deleted."))?;
        let connector = hub.connector_of(&connection).await?;
        if let Some(why) = connector.unusable() {
            return Err(ArmRefusal::invalid(why));
        }
        Ok(Self { tenant, now, attempt, connection, connector })
    }

    fn settings(&self) -> Result<&OAuthSettings, ArmRefusal> {
        match &self.connector.properties.authentication {
            Authentication::OAuth { settings, .. } if settings.on_behalf_of => Ok(settings),
            _ => Err(ArmRefusal::invalid(
                "The connector does not enable on-behalf-of login (enableOnbehalfOfLogin). Open the consent link.",
            )),
        }
    }

    /// Checks that the user for whom the link is sent the token.
    fn check(&self, caller: &Caller) -> Result<(), ArmRefusal> {
        if caller.tenant != self.tenant || !caller.is_user() || caller.oid != self.attempt.object_id {
            return Err(ArmRefusal::forbidden(
                "accessToken is not a token of the user for whom the link was issued.",
            ));
        }
        match self.connection.disagreement(&self.connector) {
            Some(why) if self.connection.owner != caller.oid => Err(ArmRefusal::forbidden(why)),
            _ => Ok(()),
        }
    }
}

/// `GET`: the state of the sign-in, which a client may read before it sends its token.
pub(super) async fn show(State(hub): State<Arc<Hub>>, query: Data) -> Result<Answer, ArmRefusal> {
    let link = Link::open(&hub, query).await?;
    link.settings()?;
    Ok(answer(match link.connection.shown_status(&link.connector, &hub.chassis.sealer) {
        Status::Connected => "Authenticated",
        Status::Unauthenticated(_) => "Unauthenticated",
        Status::Unauthorized(_) => "Error",
    }))
}

fn read(body: JsonBody) -> Result<HeaderMap, ArmRefusal> {
    let mut mistakes = Mistakes::default();
    let mut members = body.members();
    let token = members.required_text("accessToken", &mut mistakes);
    members.end(&mut mistakes);
    let value = token
        .filter(|token| !token.is_empty())
        .and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
    if value.is_none() {
        mistakes.add("accessToken", "it is not an access token");
    }
    mistakes.into_result()?;
    Ok(value.map(|value| (AUTHORIZATION, value)).into_iter().collect())
}

/// `POST {accessToken}`: exchanges the token. The connection is connected if that succeeds.
pub(super) async fn sign_in(
    State(hub): State<Arc<Hub>>,
    trace: Trace,
    query: Data,
    body: JsonBody,
) -> Result<Answer, ArmRefusal> {
    let link = Link::open(&hub, query).await?;
    let settings = link.settings()?;
    let caller = authenticate(&hub, &read(body)?, &trace).await?;
    link.check(&caller)?;
    let call = ExchangeCall {
        hub: Arc::clone(&hub),
        connection: link.connection.clone(),
        connector: Arc::clone(&link.connector),
        assertion: Assertion { token: caller.token.clone(), caller: caller.oid },
        now: link.now,
        trace: trace.clone(),
    };
    let correlation = call.correlation();
    match call.request(None, correlation).await {
        Ok(granted) => connect(&link, &caller, &call, granted, correlation).await,
        Err(ExchangeFailure::Refused { attempts, .. }) => {
            Err(refuse(&hub, &link, settings, &attempts, &trace).await?)
        }
        Err(ExchangeFailure::Transient { timed_out, .. }) => {
            let status = if timed_out { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
            let message = "The identity provider did not return a valid response. Try again.";
            Err(ArmRefusal::new(status, "IdentityProviderUnavailable", message))
        }
        Err(ExchangeFailure::Internal(problem)) => Err(problem.into()),
    }
}

/// Stores the access token, and no refresh token: runs without a user have it until it expires.
async fn connect(
    link: &Link,
    caller: &Caller,
    call: &ExchangeCall,
    granted: Granted,
    correlation: Uuid,
) -> Result<Answer, ArmRefusal> {
    let (hub, tenant, id) = (&call.hub, link.tenant, link.connection.id);
    let (exchanged, named) = call.exchanged(&granted, correlation);
    let account = granted.account.map(|account| account.name).or_else(|| caller.account.clone());
    let tokens = Tokens { access: granted.access_token, refresh: None, user: Some(caller.oid) };
    let mut stream = hub.random(tenant, "seal-tokens");
    let sealed = tokens.seal(&hub.chassis.sealer, &storage::purpose(tenant, id), &mut stream);
    let mut change = Change::from(attempt::end(tenant, link.attempt.id));
    if link.connection.owner == caller.oid {
        change.add(connection::storage::agree(tenant, id, link.connector.destinations.to_string()));
    }
    change.add(attempt::delete_older(tenant, id, Instant::MAX));
    change.add(storage::upsert(tenant, id, &sealed, granted.expires));
    change.add(connection::storage::set_connected(tenant, id, account.as_deref(), link.now));
    let connected = ConnectionConnected { account, attempt: link.attempt.id, caller: caller.oid };
    let subject = link.connection.subject();
    let exchanged = Event::new(tenant, link.now, subject.clone(), &call.trace, exchanged).about(named);
    change.append(hub.chassis.journal.entry(&exchanged));
    let connected = Event::new(tenant, link.now, subject, &call.trace, connected);
    change.append(hub.chassis.journal.entry(&connected));
    hub.chassis.store.commit(change).await.map_err(|error| {
        if error.is_conflict() { unusable("The link was already used.") } else { error.into() }
    })?;
    Ok(answer("Authenticated"))
}

/// Records the issuer's error. A connected connection stays connected.
async fn refuse(
    hub: &Hub,
    link: &Link,
    settings: &OAuthSettings,
    attempts: &[Rejected],
    trace: &Trace,
) -> Result<ArmRefusal, ArmRefusal> {
    let text = sign_in_failed(settings, attempts);
    let (tenant, connection) = (link.tenant, &link.connection);
    let status = match &connection.status {
        Status::Connected => None,
        Status::Unauthenticated(_) => Some(Status::Unauthenticated(text.clone())),
        Status::Unauthorized(_) => Some(Status::Unauthorized(text.clone())),
    };
    let mut change = Change::new();
    if let Some(status) = status {
        change.add(connection::storage::keep_tokens(tenant, connection.id, connection.tokens_revision));
        change.add(connection::storage::set_status(tenant, connection.id, &status, link.now));
    }
    let failed = ConsentFailed { why: text.clone(), attempt: Some(link.attempt.id) };
    let event = Event::new(tenant, link.now, connection.subject(), trace, failed);
    change.append(hub.chassis.journal.entry(&event));
    hub.chassis.store.commit(change).await.map_err(Problem::from)?;
    Ok(ArmRefusal::new(StatusCode::BAD_REQUEST, "FirstPartyLoginFailed", text))
}
