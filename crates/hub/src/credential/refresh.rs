//! Refreshes a connection's tokens when a call needs it.

use std::sync::Arc;
use std::time::Duration;

use outlive_chassis::{Cause, Problem, Trace, pause};
use outlive_clock::{Instant, wall_now};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{Secret, fingerprint};
use outlive_wire::JournalEvent;
use outlive_wire::events::{ConnectionBroken, ConnectionRefreshPostponed, ConnectionRefreshed};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Challenged, Credential, Freshness, Granted, RefreshFailure, SourceToken, TokenCall, TokenFailure, Tokens,
    freshness, lease, refreshes::RefreshKey, storage,
};
use crate::Hub;
use crate::connection::{self, Connection, Status, TOKENS_UNREADABLE};
use crate::connector::{Authentication, GrantRequest, GrantType, redirect_uri};
use crate::hub::StoredRefresh;
use crate::runtime::Loaded;

/// How often to check again while another replica refreshes.
const LEASE_CHECKS_MAX: u32 = 400;
/// The maximum number of token requests if the tokens change during them.
const TOKEN_REQUESTS_MAX: u32 = 3;
/// How long to wait for another replica before checking again (wall time).
const LEASE_CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Returns a token for the data source: the stored one while it is fresh, or a new one. If the
/// refresh fails, the stored token is returned until it expires. An application that gets tokens
/// with its own credentials needs no stored one.
pub(crate) async fn source_token(
    hub: &Arc<Hub>,
    loaded: &Loaded,
    now: Instant,
    trace: &Trace,
) -> Result<Arc<SourceToken>, RefreshFailure> {
    // Without tokens, they have expired since ever.
    let freshness =
        loaded.credential.as_ref().map_or(Freshness::Expired, |stored| freshness(stored.expires, now));
    if freshness == Freshness::Fresh
        && let Some(token) = loaded.source_token(&hub.chassis.sealer)
    {
        return Ok(token);
    }
    // Few calls refresh, so their futures have no room for it.
    Box::pin(refreshed_token(hub, loaded, freshness, trace)).await
}

async fn refreshed_token(
    hub: &Arc<Hub>,
    loaded: &Loaded,
    freshness: Freshness,
    trace: &Trace,
) -> Result<Arc<SourceToken>, RefreshFailure> {
    let connection = loaded.connection();
    let key = (connection.tenant, connection.id, connection.tokens_revision);
    let attempt = || refresh(Arc::clone(hub), key, None, trace.clone());
    match hub.refreshes.run(key, attempt).await {
        Some(Ok(tokens)) => Ok(Arc::new(SourceToken::new(tokens.access))),
        failed if freshness == Freshness::Aging => {
            if let Some(Err(RefreshFailure::Internal(problem))) = failed {
                let (error, connection) = (Cause::new(problem), connection.id);
                tracing::error!(%error, %connection, "a refresh failed; the stored token is used");
            }
            loaded.source_token(&hub.chassis.sealer).ok_or(RefreshFailure::NotAuthenticated)
        }
        Some(Err(failure)) => Err(failure),
        None => Err(panicked()),
    }
}

/// Returns a token that satisfies the challenge. Calls that are challenged at the same time share
/// one refresh, and later calls use its result.
pub(crate) async fn answer_challenge(
    hub: &Arc<Hub>,
    connection: &Connection,
    challenged: &Challenged,
    trace: &Trace,
) -> Result<Secret, RefreshFailure> {
    let key = (connection.tenant, connection.id, connection.tokens_revision);
    for _ in 0..TOKEN_REQUESTS_MAX {
        let attempt = || refresh(Arc::clone(hub), key, Some(challenged.clone()), trace.clone());
        match hub.refreshes.run(key, attempt).await {
            // A refresh that began before the challenge and found the token fresh.
            Some(Ok(tokens)) if tokens.access == challenged.refused => {}
            Some(result) => return result.map(|tokens| tokens.access),
            None => return Err(panicked()),
        }
    }
    Err(RefreshFailure::Transient(true))
}

pub(super) fn panicked() -> RefreshFailure {
    Problem::unavailable().caused_by("a refresh panicked").into()
}

/// A call goes where the connection led when it began; tokens for other values must not.
pub(super) fn changed() -> Problem {
    Problem::new(
        http::StatusCode::SERVICE_UNAVAILABLE,
        "ConnectionChanged",
        "The connection was changed during the call. Try again.",
    )
}

/// Whether the connection gets its tokens with the application's own credentials.
async fn has_own_credentials(hub: &Hub, connection: &Connection) -> Result<bool, RefreshFailure> {
    let connector = hub.connector_of(connection).await?;
    let values = hub.parameter_values(connection, &connector)?;
    Ok(match &connector.properties.authentication {
        Authentication::OAuth { settings, .. } => {
            settings.grant_type(&values) == GrantType::ClientCredentials
        }
        Authentication::None | Authentication::ManagedIdentity { .. } => false,
    })
}

async fn refresh(
    hub: Arc<Hub>,
    (tenant, id, tokens_revision): RefreshKey,
    challenged: Option<Challenged>,
    trace: Trace,
) -> Result<Tokens, RefreshFailure> {
    let mut requests = 0;
    for _ in 0..LEASE_CHECKS_MAX {
        // Before it is loaded: it may be newer than this revision, but not older.
        let revision = hub.chassis.store.revision();
        let Some(loaded) = hub.load(tenant, id).await? else {
            return Err(RefreshFailure::NotAuthenticated);
        };
        let connection = loaded.connection();
        let missing = Credential::missing();
        let credential = match &loaded.credential {
            Some(credential) => credential,
            None if has_own_credentials(&hub, connection).await? => &missing,
            None => return Err(RefreshFailure::NotAuthenticated),
        };
        if connection.tokens_revision != tokens_revision {
            return Err(changed().into());
        }
        if let Some(why) = connection.disagreement(&*hub.connector_of(connection).await?) {
            return Err(RefreshFailure::Refused(why));
        }
        let now = hub.chassis.clocks.now(tenant).await.map_err(Problem::from)?;
        if freshness(credential.expires, now) == Freshness::Fresh
            && let Some(tokens) = loaded.tokens(&hub.chassis.sealer)
            && challenged.as_ref().is_none_or(|challenged| tokens.access != challenged.refused)
        {
            return Ok(tokens.clone());
        }
        let claim = lease::claim(tenant, id, credential.version, &hub.replica, wall_now());
        // If no other process can change the data, the single flight suffices. The first token has
        // no row yet: of two replicas that request it, one stores it.
        if !hub.chassis.store.is_exclusive() && !credential.is_missing() {
            match hub.chassis.store.commit(claim).await {
                Ok(()) => {}
                Err(error) if error.is_conflict() => {
                    pause(LEASE_CHECK_INTERVAL).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let attempt = Attempt {
            hub: &hub,
            loaded: &loaded,
            revision,
            connection,
            credential,
            challenged: challenged.as_ref(),
            now,
            trace: &trace,
        };
        requests += 1;
        match attempt.run().await {
            Err(RefreshFailure::Internal(problem))
                if problem.status == http::StatusCode::CONFLICT && requests < TOKEN_REQUESTS_MAX =>
            {
                attempt.end_lease().await;
            }
            Err(failure @ (RefreshFailure::Internal(_) | RefreshFailure::NotAuthenticated)) => {
                attempt.end_lease().await;
                return Err(failure);
            }
            result => return result,
        }
    }
    Err(RefreshFailure::Transient(true))
}

/// The event of a connection that breaks without a token request.
fn unrequested(error: &str) -> ConnectionBroken {
    ConnectionBroken { error: error.to_owned(), answer: None, correlation: None, refresh_token: None }
}

/// One token request and its journal event. Conflicts if the tokens have changed meanwhile, or what
/// they are for.
struct Attempt<'a> {
    hub: &'a Hub,
    loaded: &'a Loaded,
    /// That of the database when the connection was loaded.
    revision: u64,
    connection: &'a Connection,
    credential: &'a Credential,
    challenged: Option<&'a Challenged>,
    now: Instant,
    trace: &'a Trace,
}

impl Attempt<'_> {
    async fn run(&self) -> Result<Tokens, RefreshFailure> {
        let opened = self.loaded.tokens(&self.hub.chassis.sealer);
        let is_unreadable = opened.is_none() && !self.credential.is_missing();
        let none = Tokens::none();
        let old = opened.unwrap_or(&none);
        let connector = self.hub.connector_of(self.connection).await?;
        let Authentication::OAuth { settings, .. } = &connector.properties.authentication else {
            return Err(RefreshFailure::NotAuthenticated);
        };
        let values = self.hub.parameter_values(self.connection, &connector)?;
        let redirect_uri = redirect_uri(&connector.name, settings, self.hub.origin());
        let correlation = self.hub.random(self.connection.tenant, "correlation").uuid();
        let grant = match (settings.grant_type(&values), &old.refresh) {
            (GrantType::ClientCredentials, _) => GrantRequest::ClientCredentials,
            (GrantType::Code, Some(refresh_token)) => {
                GrantRequest::Refresh { refresh_token, redirect_uri: &redirect_uri }
            }
            (GrantType::Code, None) if is_unreadable => {
                let (provider, why) = (&settings.identity_provider, TOKENS_UNREADABLE);
                let text = connection::refresh_impossible(provider, correlation, self.now, why);
                return self.mark_broken(text, unrequested("unreadable_tokens")).await;
            }
            // The stored token is used until it expires.
            (GrantType::Code, None) if self.challenged.is_none() && self.now < self.credential.expires => {
                return Err(RefreshFailure::NotAuthenticated);
            }
            (GrantType::Code, None) => {
                let why = "Missing refresh token.";
                let text =
                    connection::refresh_impossible(&settings.identity_provider, correlation, self.now, why);
                return self.mark_broken(text, unrequested("missing_refresh_token")).await;
            }
        };
        let sign_in = connector
            .sign_in(settings, &values)
            .map_err(|incomplete| Problem::bad_request(incomplete.to_string()))?;
        let claims = self.challenged.map(|challenged| challenged.claims.as_str()).or(settings.claims());
        let request = sign_in
            .token_request(grant, claims)
            .map_err(|incomplete| Problem::bad_request(incomplete.to_string()))?;
        let call = TokenCall {
            hub: self.hub,
            tenant: self.connection.tenant,
            connector: &connector,
            correlation,
            now: self.now,
            trace: self.trace,
        };
        match call.send(&request).await? {
            Ok(granted) => self.store_tokens(old, granted, correlation).await,
            Err(TokenFailure::Refused { attempts, error }) => {
                let text = connection::refresh_failed(settings, correlation, self.now, &attempts);
                let last = attempts.last().map_or("", |attempt| attempt.response.as_str());
                let broken = ConnectionBroken {
                    error,
                    answer: Some(serde_json::from_str(last).unwrap_or(Value::Null)),
                    correlation: Some(correlation),
                    refresh_token: old.refresh.as_ref().map(|token| fingerprint(token.expose())),
                };
                self.mark_broken(text, broken).await
            }
            Err(TokenFailure::Transient { timed_out, why }) => {
                let mut change = self.release_lease();
                let correlation = Some(correlation);
                change.append(self.entry(ConnectionRefreshPostponed { why, timed_out, correlation }, None));
                self.hub.chassis.store.commit(change).await?;
                Err(RefreshFailure::Transient(timed_out))
            }
        }
    }

    async fn store_tokens(
        &self,
        old: &Tokens,
        granted: Granted,
        correlation: Uuid,
    ) -> Result<Tokens, RefreshFailure> {
        let (tenant, id) = (self.connection.tenant, self.connection.id);
        let expires = granted.expires;
        // If the response contains no refresh token, the old one stays valid (RFC 6749 §6).
        let tokens = Tokens {
            access: granted.access_token,
            refresh: granted.refresh_token.or_else(|| old.refresh.clone()),
            user: None,
        };
        let sealed = tokens.seal(
            &self.hub.chassis.sealer,
            &storage::purpose(tenant, id),
            &mut self.hub.random(tenant, "seal-tokens"),
        );
        let replaced = self.credential.version;
        let mut change = if self.credential.is_missing() {
            let mut change = self.keep();
            change.add(storage::insert(tenant, id, &sealed, expires));
            change
        } else {
            let versions = (replaced, self.connection.tokens_revision);
            Change::from(storage::update(tenant, id, versions, &sealed, expires))
        };
        if self.connection.status != Status::Connected {
            change.add(connection::storage::set_status(tenant, id, &Status::Connected, self.now));
        }
        let refreshed = ConnectionRefreshed {
            refresh_token: tokens.refresh.as_ref().map(|token| fingerprint(token.expose())),
            parent_refresh_token: old.refresh.as_ref().map(|token| fingerprint(token.expose())),
            access_token: fingerprint(tokens.access.expose()),
            expires,
            correlation: Some(correlation),
        };
        let named = [&refreshed.refresh_token, &refreshed.parent_refresh_token]
            .into_iter()
            .flatten()
            .chain([&refreshed.access_token])
            .cloned()
            .collect::<Vec<_>>();
        change.append(self.entry(refreshed, named));
        let mut stored = StoredRefresh { hub: self.hub, of: (tenant, id), after: None };
        self.hub.chassis.store.commit(change).await?;
        let credential = Credential { sealed, version: replaced + 1, expires };
        stored.after = Some((self.loaded.with_tokens(credential, tokens.clone()), self.revision));
        Ok(tokens)
    }

    /// Sets the status of the connection to `text` and records the event.
    async fn mark_broken(&self, text: String, broken: ConnectionBroken) -> Result<Tokens, RefreshFailure> {
        let (tenant, id) = (self.connection.tenant, self.connection.id);
        let mut change = self.release_lease();
        change.add(connection::storage::set_status(
            tenant,
            id,
            &Status::Unauthorized(text.clone()),
            self.now,
        ));
        let named = broken.refresh_token.clone();
        change.append(self.entry(broken, named));
        self.hub.chassis.store.commit(change).await?;
        Err(RefreshFailure::Refused(text))
    }

    /// Releases the lease after a failure that records nothing, so that other replicas do not wait
    /// until it expires.
    async fn end_lease(&self) {
        let store = &self.hub.chassis.store;
        if !store.is_exclusive()
            && let Err(error) = store.commit(self.release_lease()).await
        {
            tracing::debug!(%error, "a lease expires by itself");
        }
    }

    /// Releases the lease. Conflicts if the tokens have changed, so that a result for old tokens is
    /// not recorded for new ones.
    fn release_lease(&self) -> Change {
        let (tenant, id) = (self.connection.tenant, self.connection.id);
        let mut change = self.keep();
        if !self.credential.is_missing() {
            change.add(lease::release(tenant, id, self.credential.version));
        }
        change
    }

    /// Conflicts if the tokens were discarded or the connection was deleted.
    fn keep(&self) -> Change {
        let (tenant, id) = (self.connection.tenant, self.connection.id);
        Change::from(connection::storage::keep_tokens(tenant, id, self.connection.tokens_revision))
    }

    fn entry(&self, payload: impl Into<JournalEvent>, tokens: impl IntoIterator<Item = String>) -> Change {
        let connection = self.connection;
        let event = Event::new(connection.tenant, self.now, connection.subject(), self.trace, payload);
        self.hub.chassis.journal.entry(&event.about(tokens))
    }
}
