//! `GET /login?data=`: a browser opens the link and is redirected to the issuer.

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
use outlive_clock::{Instant, Span, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::SealedToken;
use outlive_wire::events::ConsentStarted;
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use super::attempt::{self, Attempt};
use super::page::ErrorPage;
use super::tickets::{LoginLink, SignInState, digest};
use crate::Hub;
use crate::connection::{self, Connection};
use crate::connector::{
    Authentication, AuthorizationRequest, Connector, Incomplete, OAuthSettings, ParameterValues,
    ProviderKind, SignIn, is_redirect_of_hub, redirect_uri,
};
use crate::credential::without_secrets;

/// How long the sign-in at the issuer may take (virtual time).
const STATE_LIFETIME: Span = Span::from_minutes(15);

/// Returns the tenant's time. A deleted tenant makes the link unusable.
pub(super) async fn now(hub: &Hub, tenant: TenantId) -> Result<Instant, ErrorPage> {
    hub.chassis.clocks.now(tenant).await.map_err(|error| match error {
        ClockError::UnknownTenant(_) => ErrorPage::unusable("The tenant of this link was deleted."),
        ClockError::Store(error) => error.into(),
    })
}

/// Reads the connection of an attempt with its connector.
pub(super) async fn connection_of(
    hub: &Hub,
    tenant: TenantId,
    attempt: &Attempt,
) -> Result<(Connection, Arc<Connector>), ErrorPage> {
    let found = connection::storage::find(&hub.chassis.store, tenant, attempt.connection).await?;
    let (connection, _) =
        found.ok_or_else(|| ErrorPage::unusable("The connection of this link was deleted."))?;
    let connector = hub.connector_of(&connection).await?;
    if let Some(why) = connector.unusable() {
        return Err(ErrorPage::unusable(why).for_maker());
    }
    Ok((connection, connector))
}

/// Returns the connector's OAuth settings; attempts exist only for connectors that have some.
pub(super) fn settings_of(connector: &Connector) -> Result<&OAuthSettings, ErrorPage> {
    match &connector.properties.authentication {
        Authentication::OAuth { settings, .. } => Ok(settings),
        Authentication::None | Authentication::ManagedIdentity { .. } => {
            Err(ErrorPage::unusable("Connections to this API need no sign-in."))
        }
    }
}

/// Returns the settings with the values of a connection.
pub(super) fn sign_in_of<'a>(
    connector: &'a Connector,
    values: &'a ParameterValues,
) -> Result<SignIn<'a>, ErrorPage> {
    Ok(connector.sign_in(settings_of(connector)?, values)?)
}

/// Whether the issuer is known to take a PKCE challenge. Others may reject unknown parameters.
pub(super) fn takes_pkce(hub: &Hub, sign_in: &SignIn<'_>) -> Result<bool, Incomplete> {
    Ok(sign_in.kind() != ProviderKind::Urls
        || sign_in.requires_pkce()
        || hub.config.is_own_issuer(&sign_in.authorization_endpoint()?))
}

/// The purpose with which a PKCE code verifier is sealed.
pub(crate) fn verifier_purpose(tenant: TenantId, attempt: Uuid) -> String {
    format!("hub-pkce-verifier/{tenant}/{attempt}")
}

/// Returns a redirect that must not be cached.
pub(super) fn redirect(to: &Url) -> Response {
    (StatusCode::FOUND, [(LOCATION, to.as_str()), (CACHE_CONTROL, "no-store")]).into_response()
}

pub(super) async fn open(
    State(hub): State<Arc<Hub>>,
    trace: Trace,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Response, ErrorPage> {
    let broken = || ErrorPage::unusable("The link is incomplete or damaged.");
    let Query(query) = query.map_err(|error| broken().caused_by(error))?;
    let data = query.get("data").ok_or_else(broken)?;
    let link = LoginLink::open(&hub.chassis.sealer, data).map_err(|error| broken().caused_by(error))?;
    let now = now(&hub, link.tenant).await?;
    let attempt = attempt::find(&hub.chassis.store, link.tenant, link.attempt).await?.ok_or_else(|| {
        ErrorPage::unusable(
            "The link is no longer valid: another sign-in for the connection was finished since.",
        )
    })?;
    if attempt.ended_by_change {
        return Err(ErrorPage::ended_by_change());
    }
    if attempt.finished {
        return Err(ErrorPage::unusable("The link was already used; it can be used once."));
    }
    if now >= attempt.link_expires {
        return Err(ErrorPage::unusable("The link has expired; it is valid for ten minutes."));
    }
    let (connection, connector) = connection_of(&hub, link.tenant, &attempt).await?;
    let request = build_request(&hub, link.tenant, &attempt, &connection, &connector, now)?;
    let mut change = Change::from(request.statement);
    let payload = ConsentStarted { attempt: attempt.id, redirect_uri: request.redirect_uri };
    let event = Event::new(link.tenant, now, connection.subject(), &trace, payload);
    change.append(hub.chassis.journal.entry(&event));
    hub.chassis.store.commit(change).await.map_err(|error| {
        if error.is_conflict() {
            ErrorPage::unusable("The link was already used; it can be used once.")
        } else {
            Problem::from(error).into()
        }
    })?;
    Ok(redirect(&request.authorize))
}

/// An opened link: what to record, and where to send the browser.
struct Opening {
    statement: outlive_store::Statement,
    authorize: Url,
    redirect_uri: String,
}

fn build_request(
    hub: &Hub,
    tenant: TenantId,
    attempt: &Attempt,
    connection: &Connection,
    connector: &Connector,
    now: Instant,
) -> Result<Opening, ErrorPage> {
    let nonce = hub.random(tenant, "consent-nonce").uuid();
    let state = SignInState { tenant, attempt: attempt.id, nonce }
        .seal(&hub.chassis.sealer, &mut hub.random(tenant, "seal-consent-state"));
    let verifier = URL_SAFE_NO_PAD.encode(hub.random(tenant, "pkce-verifier").bytes::<32>());
    let verifier_sealed = hub.chassis.sealer.seal(
        &verifier_purpose(tenant, attempt.id),
        verifier.as_bytes(),
        &mut hub.random(tenant, "seal-pkce-verifier"),
    );
    let settings = settings_of(connector)?;
    let redirect_uri = redirect_uri(&connector.name, settings, hub.origin());
    if !is_redirect_of_hub(&redirect_uri, hub.origin()) {
        return Err(ErrorPage::unusable(format!(
            "The connector's redirectMode is Direct, and its redirectUrl {redirect_uri} is not an address of this hub."
        ))
        .for_maker());
    }
    let values = hub.parameter_values(connection, connector)?;
    let sign_in = sign_in_of(connector, &values)?;
    let named = sign_in.authorization_url(AuthorizationRequest {
        redirect_uri: &redirect_uri,
        state: &state,
        code_challenge: &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
        pkce: takes_pkce(hub, &sign_in)?,
    })?;
    let shown = |problem: Problem| without_secrets(problem, &sign_in.secrets());
    let authorize = hub.config.authorize_endpoint(&named, tenant).map_err(shown)?;
    // A client whose tokens cannot be requested must not send its user away.
    hub.config.token_endpoint(&sign_in.token_endpoint()?, tenant).map_err(shown)?;
    let statement = attempt::record_opening(
        tenant,
        attempt.id,
        &digest(&nonce.to_string()),
        now + STATE_LIFETIME,
        &verifier_sealed,
        &redirect_uri,
    );
    Ok(Opening { statement, authorize, redirect_uri })
}
