//! `GET /redirect`: the issuer redirects back, and the hub redeems the authorization code.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, Uri};
use outlive_chassis::Trace;
use outlive_clock::{Instant, Span, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{SealedToken, fingerprint};
use outlive_wire::JournalEvent;
use outlive_wire::events::{ConsentFailed, ConsentRedeemed};

use super::attempt::{self, Attempt, Redeemed};
use super::login::{connection_of, now, redirect, settings_of, sign_in_of, takes_pkce, verifier_purpose};
use super::page::ErrorPage;
use super::return_url::with_code;
use super::tickets::{SignInState, digest};
use crate::Hub;
use crate::connection::{self, Connection, Status, responses, sign_in_failed, sign_in_refused};
use crate::connector::{Connector, GrantRequest};
use crate::credential::{Granted, Rejected, TokenCall, TokenFailure, Tokens, storage};

/// How long the hub's code is valid (virtual time).
const CODE_LIFETIME: Span = Span::from_minutes(5);

pub(super) async fn handle_redirect(
    State(hub): State<Arc<Hub>>,
    trace: Trace,
    uri: Uri,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let Query(query) = query.map_err(|error| {
        ErrorPage::unusable("The identity provider's response is not valid.").caused_by(error)
    })?;
    let (callback, attempt) = consume_state(&hub, &trace, uri.path(), &query).await?;
    let outcome = match (query.get("code"), query.get("error")) {
        (_, Some(error)) => {
            let description = query.get("error_description").map_or("", String::as_str);
            let text = sign_in_refused(settings_of(&callback.connector)?, error, description);
            Err(callback.record_refusal(text, &format!("{error}: {description}")).await?)
        }
        (Some(code), None) => callback.redeem(&attempt, code).await,
        (None, None) => {
            Err(ErrorPage::unusable("The identity provider's response contains neither a code nor an error."))
        }
    };
    outcome.map_err(|page| page.with_return_url(&attempt.redirect_url))
}

/// Returns what the page shows of the issuer's responses.
fn shown(attempts: &[Rejected]) -> String {
    match attempts {
        [only] => only.response.clone(),
        several => responses(several),
    }
}

/// A redirect from the issuer whose state was valid and is now consumed.
struct Callback<'a> {
    hub: &'a Hub,
    trace: &'a Trace,
    tenant: TenantId,
    now: Instant,
    connection: Connection,
    connector: Arc<Connector>,
}

async fn consume_state<'a>(
    hub: &'a Hub,
    trace: &'a Trace,
    path: &str,
    query: &HashMap<String, String>,
) -> Result<(Callback<'a>, Attempt), ErrorPage> {
    let unknown = || ErrorPage::unusable("This response does not belong to a sign-in in progress.");
    let state = query.get("state").ok_or_else(unknown)?;
    let state = SignInState::open(&hub.chassis.sealer, state).map_err(|error| unknown().caused_by(error))?;
    let now = now(hub, state.tenant).await?;
    let attempt =
        attempt::find(&hub.chassis.store, state.tenant, state.attempt).await?.ok_or_else(unknown)?;
    let hash = digest(&state.nonce.to_string());
    if attempt.ended_by_change {
        return Err(ErrorPage::ended_by_change().with_return_url(&attempt.redirect_url));
    }
    if attempt.finished || attempt.state_hash.as_ref() != Some(&hash) {
        return Err(ErrorPage::unusable("This sign-in was already finished or restarted."));
    }
    if attempt.state_expires.is_none_or(|expires| now >= expires) {
        return Err(ErrorPage::unusable("This sign-in has expired."));
    }
    if attempt.redirect_uri.as_deref() != Some(&format!("{}{path}", hub.origin())) {
        return Err(unknown());
    }
    let (connection, connector) = connection_of(hub, state.tenant, &attempt).await?;
    let consume = attempt::consume_state(state.tenant, attempt.id, &hash);
    hub.chassis.store.commit(consume).await.map_err(|error| {
        if error.is_conflict() {
            ErrorPage::unusable("This sign-in was already finished.")
        } else {
            error.into()
        }
    })?;
    Ok((Callback { hub, trace, tenant: state.tenant, now, connection, connector }, attempt))
}

impl Callback<'_> {
    async fn redeem(&self, attempt: &Attempt, code: &str) -> Result<Response, ErrorPage> {
        let settings = settings_of(&self.connector)?;
        let sealer = &self.hub.chassis.sealer;
        let verifier = attempt
            .verifier_sealed
            .as_deref()
            .and_then(|sealed| sealer.open(&verifier_purpose(self.tenant, attempt.id), sealed))
            .and_then(|verifier| String::from_utf8(verifier).ok())
            .ok_or_else(|| ErrorPage::unusable("This sign-in can no longer be finished."))?;
        let values = self.hub.parameter_values(&self.connection, &self.connector)?;
        let sign_in = sign_in_of(&self.connector, &values)?;
        let grant = GrantRequest::Code {
            code,
            redirect_uri: attempt.redirect_uri.as_deref().unwrap_or_default(),
            code_verifier: &verifier,
            pkce: takes_pkce(self.hub, &sign_in)?,
        };
        let request = sign_in.token_request(grant, settings.claims())?;
        let call = TokenCall {
            hub: self.hub,
            tenant: self.tenant,
            connector: &self.connector,
            correlation: self.hub.random(self.tenant, "correlation").uuid(),
            now: self.now,
            trace: self.trace,
        };
        match call.send(&request).await? {
            Ok(granted) => self.store_tokens(attempt, granted).await,
            Err(TokenFailure::Refused { attempts, .. }) => {
                let text = sign_in_failed(settings, &attempts);
                Err(self.record_refusal(text, &shown(&attempts)).await?)
            }
            Err(TokenFailure::Transient { timed_out, why }) => {
                let failed = ConsentFailed { why, attempt: Some(attempt.id) };
                self.hub.chassis.journal.append(&self.event(failed)).await?;
                let status = if timed_out { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
                Err(ErrorPage::unavailable(status, "The identity provider did not return a valid response."))
            }
        }
    }

    /// Stores the tokens and redirects with the code that confirms them.
    async fn store_tokens(&self, attempt: &Attempt, granted: Granted) -> Result<Response, ErrorPage> {
        let code = URL_SAFE_NO_PAD.encode(self.hub.random(self.tenant, "consent-code").bytes::<32>());
        let to = with_code(&attempt.redirect_url, &code)
            .ok_or_else(|| ErrorPage::unusable("The return URL is not valid."))?;
        let payload = ConsentRedeemed {
            attempt: attempt.id,
            account: granted.account.as_ref().map(|account| account.name.clone()),
            account_id: granted.account.as_ref().and_then(|account| account.object_id),
            refresh_token: granted.refresh_token.as_ref().map(|token| fingerprint(token.expose())),
            access_token: fingerprint(granted.access_token.expose()),
            expires: granted.expires,
        };
        let tokens = Tokens { access: granted.access_token, refresh: granted.refresh_token, user: None };
        let tokens_sealed = tokens.seal(
            &self.hub.chassis.sealer,
            &storage::purpose(self.tenant, self.connection.id),
            &mut self.hub.random(self.tenant, "seal-tokens"),
        );
        let redeemed = Redeemed {
            attempt: attempt.id,
            object_id: attempt.object_id,
            code_expires: self.now + CODE_LIFETIME,
            tokens_sealed,
            tokens_expire: granted.expires,
            account: granted.account.map(|account| account.name),
        };
        let mut change = Change::from(attempt::store_tokens(self.tenant, &digest(&code), &redeemed));
        let named = payload.refresh_token.iter().chain([&payload.access_token]).cloned().collect::<Vec<_>>();
        change.append(self.hub.chassis.journal.entry(&self.event(payload).about(named)));
        self.hub
            .chassis
            .store
            .commit(change)
            .await
            .map_err(|error| if error.is_conflict() { ErrorPage::ended_by_change() } else { error.into() })?;
        Ok(redirect(&to))
    }

    /// Records the issuer's error. A connected connection stays connected: only its new consent
    /// failed.
    async fn record_refusal(&self, text: String, response: &str) -> Result<ErrorPage, ErrorPage> {
        let status = match &self.connection.status {
            Status::Connected => None,
            Status::Unauthenticated(_) => Some(Status::Unauthenticated(text.clone())),
            Status::Unauthorized(_) => Some(Status::Unauthorized(text.clone())),
        };
        let mut change = Change::new();
        if let Some(status) = status {
            let revision = self.connection.tokens_revision;
            change.add(connection::storage::keep_tokens(self.tenant, self.connection.id, revision));
            change.add(connection::storage::set_status(self.tenant, self.connection.id, &status, self.now));
        }
        change
            .append(self.hub.chassis.journal.entry(&self.event(ConsentFailed { why: text, attempt: None })));
        self.hub.chassis.store.commit(change).await?;
        Ok(ErrorPage::refused("The identity provider rejected the sign-in.", response))
    }

    fn event(&self, payload: impl Into<JournalEvent>) -> Event {
        Event::new(self.tenant, self.now, self.connection.subject(), self.trace, payload)
    }
}
