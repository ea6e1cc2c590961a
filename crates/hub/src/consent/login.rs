//! `GET /login?data=`: a person opens the link and is sent to the issuer.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::{CACHE_CONTROL, LOCATION};
use outlive_chassis::{ClockError, Problem, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::SealedToken;
use outlive_wire::events::ConsentStarted;
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use super::STATE_LIFETIME;
use super::attempt::{self, Attempt};
use super::page::Stopped;
use super::tickets::{LoginLink, SignInState, digest};
use crate::Hub;
use crate::connection::{self, Connection};
use crate::connector::{Authentication, Connector, OAuthSettings, redirect_path};

/// The time of a tenant that a browser speaks of; a tenant that is gone makes the link unusable.
pub(super) async fn now(hub: &Hub, tenant: TenantId) -> Result<Instant, Stopped> {
    hub.chassis.clocks.now(tenant).await.map_err(|error| match error {
        ClockError::UnknownTenant(_) => Stopped::unusable("What this link belongs to is gone."),
        ClockError::Store(error) => error.into(),
    })
}

/// The connection of an attempt with its connector.
pub(super) async fn connection_of(
    hub: &Hub,
    tenant: TenantId,
    attempt: &Attempt,
) -> Result<(Connection, Arc<Connector>), Stopped> {
    let found = connection::storage::with_credential(&hub.chassis.store, tenant, attempt.connection).await?;
    let (connection, _) =
        found.ok_or_else(|| Stopped::unusable("The connection that this link belongs to is gone."))?;
    let connector = hub.connector_of(&connection).await?;
    Ok((connection, connector))
}

/// How a connector signs in; consents exist only for connectors that do.
pub(super) fn settings_of(connector: &Connector) -> Result<&OAuthSettings, Stopped> {
    match &connector.properties.authentication {
        Authentication::OAuth { settings, .. } => Ok(settings),
        Authentication::None => Err(Stopped::unusable("Connections of this kind need no sign-in.")),
    }
}

/// What a purpose-bound PKCE verifier is sealed for.
pub(super) fn verifier_purpose(tenant: TenantId, attempt: Uuid) -> String {
    format!("hub-pkce-verifier/{tenant}/{attempt}")
}

/// A redirect that nobody caches.
pub(super) fn found(to: &Url) -> Response {
    (StatusCode::FOUND, [(LOCATION, to.as_str()), (CACHE_CONTROL, "no-store")]).into_response()
}

pub(super) async fn open(
    State(hub): State<Arc<Hub>>,
    trace: Trace,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Response, Stopped> {
    let broken = || Stopped::unusable("The link is incomplete or damaged.");
    let Query(query) = query.map_err(|_| broken())?;
    let data = query.get("data").ok_or_else(broken)?;
    let link = LoginLink::open(&hub.chassis.sealer, data).map_err(|_| broken())?;
    let now = now(&hub, link.tenant).await?;
    let attempt = attempt::by_id(&hub.chassis.store, link.tenant, link.attempt).await?;
    let attempt = attempt
        .filter(|attempt| !attempt.finished)
        .ok_or_else(|| Stopped::unusable("The link was used already; it works once."))?;
    if now >= attempt.link_expires {
        return Err(Stopped::unusable("The link has expired: it works for ten minutes."));
    }
    let (connection, connector) = connection_of(&hub, link.tenant, &attempt).await?;
    let settings = settings_of(&connector)?;
    let begun = begin(&hub, link.tenant, &attempt, &connector, settings, now)?;
    let mut change = Change::from(begun.statement);
    let payload = ConsentStarted { attempt: attempt.id, redirect_uri: begun.redirect_uri };
    let event = Event::new(link.tenant, now, connection.subject(), &trace, payload);
    change.append(hub.chassis.journal.entry(&event));
    hub.chassis.store.commit(change).await.map_err(|error| {
        if error.is_conflict() {
            Stopped::unusable("The link was used already; it works once.")
        } else {
            Problem::from(error).into()
        }
    })?;
    Ok(found(&begun.authorize))
}

struct Begun {
    statement: outlive_store::Statement,
    authorize: Url,
    redirect_uri: String,
}

fn begin(
    hub: &Hub,
    tenant: TenantId,
    attempt: &Attempt,
    connector: &Connector,
    settings: &OAuthSettings,
    now: Instant,
) -> Result<Begun, Stopped> {
    let nonce = hub.random(tenant, "consent-nonce").uuid();
    let state = SignInState { tenant, attempt: attempt.id, nonce }
        .seal(&hub.chassis.sealer, &mut hub.random(tenant, "seal-consent-state"));
    let verifier = URL_SAFE_NO_PAD.encode(hub.random(tenant, "pkce-verifier").bytes::<32>());
    let verifier_sealed = hub.chassis.sealer.seal(
        &verifier_purpose(tenant, attempt.id),
        verifier.as_bytes(),
        &mut hub.random(tenant, "seal-pkce-verifier"),
    );
    let redirect_uri = format!("{}{}", hub.origin(), redirect_path(&connector.name, settings.redirect_mode));
    let mut scopes = vec!["openid"];
    scopes.extend(settings.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid"));
    let mut authorize = hub.config.authorize_endpoint(settings, tenant)?;
    authorize
        .query_pairs_mut()
        .append_pair("client_id", &settings.client_id)
        .append_pair("response_type", "code")
        .append_pair("response_mode", "query")
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("resource", &settings.resource_uri)
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", &state)
        .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())))
        .append_pair("code_challenge_method", "S256");
    if let Some(claims) = settings.claims() {
        authorize.query_pairs_mut().append_pair("claims", claims);
    }
    let statement = attempt::opened(
        tenant,
        attempt.id,
        &digest(&nonce.to_string()),
        now + STATE_LIFETIME,
        &verifier_sealed,
        &redirect_uri,
    );
    Ok(Begun { statement, authorize, redirect_uri })
}
