//! On-behalf-of connections: the hub exchanges the token of a caller for one of the data source, at
//! the time of the call. It stores neither, so nothing of the user outlives the user's session.
//!
//! The caller's token is for the hub. With it the hub requests a token for the connector's
//! application, which has pre-authorized the hub's, and with that one the application requests the
//! token of the data source. Results are cached by the caller's token until shortly before they
//! expire.

use std::sync::Arc;

use outlive_chassis::{Problem, Trace};
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{Secret, fingerprint};
use outlive_wire::JournalEvent;
use outlive_wire::events::{
    ConnectionExchangePostponed, ConnectionExchangeRefused, ConnectionTokenExchanged,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use super::exchanges::{ExchangeKey, Exchanged};
use super::refresh::{changed, panicked};
use super::{Challenged, Freshness, Granted, RefreshFailure, Rejected, TokenCall, TokenFailure, freshness};
use crate::connection::{self, Connection, Status};
use crate::connector::{
    Authentication, ClientAuthentication, Connector, GrantRequest, GrantType, JWT_BEARER, SignIn, TokenBody,
    TokenRequest,
};
use crate::runtime::Loaded;
use crate::{Hub, hub_client};

/// The token of a user who calls through a connection, for the hub.
#[derive(Debug, Clone)]
pub(crate) struct Assertion {
    pub(crate) token: Secret,
    /// The object id of the user.
    pub(crate) caller: Uuid,
}

/// Whether calls through a connection use the caller's own token: the connector allows it, and no
/// refresh token is stored because the user signed in with a token for the hub.
pub(crate) fn is_exchanged(hub: &Hub, loaded: &Loaded, connector: &Connector) -> Result<bool, Problem> {
    let Authentication::OAuth { settings, .. } = &connector.properties.authentication else {
        return Ok(false);
    };
    if !settings.on_behalf_of || loaded.credential.is_none() {
        return Ok(false);
    }
    let values = loaded.values(&hub.chassis.sealer)?.of_parameters(&connector.properties.parameters);
    let tokens = loaded.tokens(&hub.chassis.sealer);
    Ok(settings.grant_type(&values) == GrantType::Code
        && tokens.is_some_and(|tokens| tokens.refresh.is_none()))
}

/// A call whose token is exchanged.
#[derive(Clone)]
pub(crate) struct ExchangeCall {
    pub(crate) hub: Arc<Hub>,
    pub(crate) connection: Connection,
    pub(crate) connector: Arc<Connector>,
    pub(crate) assertion: Assertion,
    pub(crate) now: Instant,
    pub(crate) trace: Trace,
}

/// Why no token was exchanged.
pub(crate) enum ExchangeFailure {
    /// The issuer rejected one of the requests.
    Refused {
        attempts: Vec<Rejected>,
        error: String,
    },
    /// The issuer did not respond in time, or not as it should.
    Transient {
        timed_out: bool,
        why: String,
    },
    Internal(Problem),
}

impl From<Problem> for ExchangeFailure {
    fn from(problem: Problem) -> Self {
        Self::Internal(problem)
    }
}

impl ExchangeCall {
    /// Returns a token of the data source for the caller: a cached one while it is fresh, or a new
    /// one. Concurrent calls with the same token share one exchange.
    pub(crate) async fn token(&self, challenged: Option<&Challenged>) -> Result<Secret, RefreshFailure> {
        let exchanges = &self.hub.exchanges;
        let claims = challenged.map(|challenged| challenged.claims.clone());
        let key = self.key(claims.clone());
        let cached = exchanges.tokens.get(&self.key(None)).filter(|_| challenged.is_none());
        if let Some((token, expires)) = cached
            && freshness(expires, self.now) == Freshness::Fresh
        {
            return Ok(token);
        }
        let call = self.clone();
        let attempt = || async move { call.exchange(claims.as_deref()).await };
        let (token, expires) =
            exchanges.in_progress.run(key, attempt).await.unwrap_or_else(|| Err(panicked()))?;
        exchanges.tokens.insert(self.key(None), (token.clone(), expires));
        Ok(token)
    }

    fn key(&self, claims: Option<String>) -> ExchangeKey {
        let connection = &self.connection;
        ExchangeKey {
            tenant: connection.tenant,
            connection: connection.id,
            tokens_revision: connection.tokens_revision,
            connector_version: self.connector.version.clone(),
            assertion: Sha256::digest(self.assertion.token.expose()).into(),
            claims,
        }
    }

    /// Exchanges the token and records the result. The connection's status is that of its owner's
    /// last call: what another caller may do says nothing about it.
    async fn exchange(&self, claims: Option<&str>) -> Result<Exchanged, RefreshFailure> {
        let correlation = self.correlation();
        let assertion = fingerprint(self.assertion.token.expose());
        let (status, event, result) = match self.request(claims, correlation).await {
            Ok(granted) => {
                let (event, named) = self.exchanged(&granted, correlation);
                let event = self.event(event).about(named);
                (Status::Connected, event, Ok((granted.access_token, granted.expires)))
            }
            Err(ExchangeFailure::Refused { attempts, error }) => {
                let provider = match &self.connector.properties.authentication {
                    Authentication::OAuth { settings, .. } => settings.identity_provider.as_str(),
                    Authentication::None | Authentication::ManagedIdentity { .. } => "",
                };
                let text = connection::exchange_failed(provider, correlation, self.now, &attempts);
                let last = attempts.last().map_or("", |attempt| attempt.response.as_str());
                let refused = ConnectionExchangeRefused {
                    caller: self.assertion.caller,
                    assertion: assertion.clone(),
                    error,
                    answer: serde_json::from_str(last).unwrap_or(Value::Null),
                    correlation,
                };
                let event = self.event(refused).about([assertion]);
                (Status::Unauthorized(text.clone()), event, Err(RefreshFailure::Refused(text)))
            }
            Err(ExchangeFailure::Transient { timed_out, why }) => {
                let caller = self.assertion.caller;
                let postponed = ConnectionExchangePostponed {
                    caller,
                    assertion: assertion.clone(),
                    why,
                    timed_out,
                    correlation,
                };
                self.hub.chassis.journal.append(&self.event(postponed).about([assertion])).await?;
                return Err(RefreshFailure::Transient(timed_out));
            }
            Err(ExchangeFailure::Internal(problem)) => return Err(problem.into()),
        };
        let mut change = Change::new();
        let connection = &self.connection;
        if connection.owner == self.assertion.caller && connection.status != status {
            let (tenant, id) = (connection.tenant, connection.id);
            change.add(connection::storage::keep_tokens(tenant, id, connection.tokens_revision));
            change.add(connection::storage::set_status(tenant, id, &status, self.now));
        }
        change.append(self.hub.chassis.journal.entry(&event));
        self.hub.chassis.store.commit(change).await.map_err(|error| {
            if error.is_conflict() { changed().into() } else { RefreshFailure::from(error) }
        })?;
        result
    }

    /// Returns the journal event of an exchange, with the tokens that it names.
    pub(crate) fn exchanged(
        &self,
        granted: &Granted,
        correlation: Uuid,
    ) -> (ConnectionTokenExchanged, [String; 2]) {
        let assertion = fingerprint(self.assertion.token.expose());
        let access_token = fingerprint(granted.access_token.expose());
        let named = [assertion.clone(), access_token.clone()];
        let caller = self.assertion.caller;
        let (expires, correlation) = (granted.expires, Some(correlation));
        (ConnectionTokenExchanged { caller, assertion, access_token, expires, correlation }, named)
    }

    fn event(&self, payload: impl Into<JournalEvent>) -> Event {
        let connection = &self.connection;
        Event::new(connection.tenant, self.now, connection.subject(), &self.trace, payload)
    }

    /// Returns the id that both token requests of an exchange name.
    pub(crate) fn correlation(&self) -> Uuid {
        self.hub.random(self.connection.tenant, "correlation").uuid()
    }

    /// Exchanges the caller's token, by two requests. Records nothing.
    pub(crate) async fn request(
        &self,
        claims: Option<&str>,
        correlation: Uuid,
    ) -> Result<Granted, ExchangeFailure> {
        let Authentication::OAuth { settings, .. } = &self.connector.properties.authentication else {
            return Err(Problem::bad_request("Connections to this API need no sign-in.").into());
        };
        let incomplete = |why: crate::connector::Incomplete| Problem::bad_request(why.to_string());
        let values = self.hub.parameter_values(&self.connection, &self.connector)?;
        let sign_in = settings.sign_in(&values, self.connector.client_secret.as_ref()).map_err(incomplete)?;
        let first = self.for_application(&sign_in).await?;
        let first = self.send(&first, correlation).await?.access_token;
        let grant = GrantRequest::OnBehalfOf { assertion: &first };
        let second = sign_in.token_request(grant, claims.or(settings.claims())).map_err(incomplete)?;
        self.send(&second, correlation).await
    }

    /// Returns the request of the hub's application for a token of the connector's.
    async fn for_application(&self, sign_in: &SignIn<'_>) -> Result<TokenRequest, Problem> {
        let (hub, tenant) = (&self.hub, self.connection.tenant);
        let endpoint = sign_in.token_endpoint().map_err(|why| Problem::bad_request(why.to_string()))?;
        if !hub.config.is_own_issuer(&endpoint) {
            return Err(Problem::bad_request(
                "The connector signs in at another identity provider than its callers, so their tokens cannot be exchanged.",
            ));
        }
        let (client_id, secret) = hub_client::find(hub, tenant).await?;
        let origin = hub.config.idp_url.origin().ascii_serialization();
        let url: Url = format!("{origin}/{tenant}/oauth2/token")
            .parse()
            .map_err(|error: url::ParseError| Problem::unavailable().caused_by(error))?;
        let form = vec![
            ("grant_type", Secret::new(JWT_BEARER)),
            ("requested_token_use", Secret::new("on_behalf_of")),
            ("assertion", self.assertion.token.clone()),
            ("resource", Secret::new(sign_in.client_id())),
        ];
        let secrets = vec![secret.clone(), self.assertion.token.clone()];
        let client_id = client_id.to_string();
        Ok(TokenRequest {
            url,
            body: TokenBody::Form(form),
            authentication: ClientAuthentication::Secret { client_id, secret, then_basic: false },
            secrets,
            origin: None,
        })
    }

    async fn send(&self, request: &TokenRequest, correlation: Uuid) -> Result<Granted, ExchangeFailure> {
        let call = TokenCall {
            hub: &self.hub,
            tenant: self.connection.tenant,
            connector: &self.connector,
            correlation,
            now: self.now,
            trace: &self.trace,
        };
        match call.send(request).await? {
            Ok(granted) => Ok(granted),
            Err(TokenFailure::Refused { attempts, error }) => {
                Err(ExchangeFailure::Refused { attempts, error })
            }
            Err(TokenFailure::Transient { timed_out, why }) => {
                Err(ExchangeFailure::Transient { timed_out, why })
            }
        }
    }
}
