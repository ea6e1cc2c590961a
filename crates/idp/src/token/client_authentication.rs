//! Client authentication (RFC 6749, section 2.3). Nothing else makes a client confidential.

use http::header::ORIGIN;
use outlive_clock::{ClientId, Instant};
use outlive_rules::{ClientClass, aadsts};
use outlive_tokens::claims::ClientAuthentication;

use super::client_assertion;
use super::grant_type::GrantType;
use super::presented_client::{PresentedClient, basic};
use crate::directory::{Application, SecretMatch, Tenant};
use crate::idp::Idp;
use crate::protocol::refusal::Refusal;

/// A registered, enabled client, authenticated if it has to be.
#[derive(Debug, Clone)]
pub(crate) struct AuthenticatedClient {
    pub(crate) application: Application,
    pub(crate) authentication: ClientAuthentication,
    /// Private: only this module creates the value.
    _checked: (),
}

impl AuthenticatedClient {
    const fn new(application: Application, authentication: ClientAuthentication) -> Self {
        Self { application, authentication, _checked: () }
    }

    /// Returns the client of an authorization request. The front channel does not authenticate
    /// clients: the client is public, whatever credentials it has.
    pub(crate) const fn of_front_channel(application: Application) -> Self {
        Self::new(application, ClientAuthentication::None)
    }

    /// Returns a managed identity, whose credential only the platform has.
    pub(super) const fn of_managed_identity(identity: Application) -> Self {
        Self::new(identity, ClientAuthentication::Certificate)
    }

    /// Returns whether the client is public or confidential in this request.
    pub(crate) fn class(&self) -> ClientClass {
        ClientClass::of_request(self.authentication != ClientAuthentication::None)
    }
}

/// Finds the client and verifies its credential.
pub(crate) async fn authenticate(
    idp: &Idp,
    tenant: &Tenant,
    request: &PresentedClient<'_>,
    now: Instant,
) -> Result<AuthenticatedClient, Refusal> {
    let PresentedClient { client_id, headers, form, grant, .. } = request;
    let application = find(idp, tenant, client_id).await?;
    if !application.enabled {
        return Err(
            Refusal::new(aadsts::CLIENT_DISABLED).with_client(application.client_id, &application.name)
        );
    }
    let in_header = basic(headers)?.map(|(_, secret)| secret);
    let in_body = form.get("client_secret").map(str::to_owned);
    if in_header.is_some() && in_body.is_some() {
        // RFC 6749, section 2.3: one authentication method per request.
        return Err(Refusal::new(aadsts::CREDENTIAL_INVALID));
    }
    let presented = in_header.or(in_body);
    let nothing_presented = presented.is_none() && form.get("client_assertion").is_none();
    let is_public = application.document.kind.is_public();
    if is_public && !nothing_presented {
        return Err(Refusal::new(aadsts::CREDENTIAL_NOT_ALLOWED));
    }
    // Without a redirect URI, the registration determines whether a client needs a credential.
    let fallback = application.document.allow_public_client;
    let may_go_without = match grant {
        _ if grant.is_without_redirect() => fallback,
        // The grant may be of either type; the refresh token itself records it.
        GrantType::RefreshToken => is_public || fallback || application.document.has_public_redirect(),
        // The redirect URI's type determines it, and the code records the redirect URI.
        GrantType::AuthorizationCode => is_public || application.document.has_public_redirect(),
        _ => is_public,
    };
    if may_go_without && nothing_presented {
        return Ok(AuthenticatedClient::new(application, ClientAuthentication::None));
    }
    if nothing_presented {
        return Err(Refusal::new(aadsts::CREDENTIAL_MISSING));
    }
    if headers.contains_key(ORIGIN) {
        // A page cannot keep a secret: a credential together with an `Origin` header is an error.
        return Err(Refusal::new(aadsts::ORIGIN_NOT_ALLOWED));
    }
    let Some(presented) = presented else {
        client_assertion::authenticate(idp, tenant, &application, request, now).await?;
        return Ok(AuthenticatedClient::new(application, ClientAuthentication::Certificate));
    };
    if form.get("client_assertion").is_some() {
        return Err(Refusal::new(aadsts::CREDENTIAL_INVALID));
    }
    let stored = idp.directory.client_secrets(tenant.id, application.client_id).await?;
    let wrong = |error| Refusal::new(error).with("client", application.client_id);
    match tenant.keys.secrets().compare(application.client_id, &presented, &stored, now) {
        SecretMatch::Valid => Ok(AuthenticatedClient::new(application, ClientAuthentication::Secret)),
        SecretMatch::Expired => Err(wrong(aadsts::SECRET_EXPIRED)),
        SecretMatch::Wrong => Err(wrong(aadsts::WRONG_SECRET)),
    }
}

pub(crate) async fn find(idp: &Idp, tenant: &Tenant, client_id: &str) -> Result<Application, Refusal> {
    let unknown = || {
        Refusal::new(aadsts::CLIENT_NOT_FOUND).with("client", client_id).with("tenant", &tenant.display_name)
    };
    let client_id: ClientId = client_id.parse().ok().ok_or_else(unknown)?;
    idp.directory.client(tenant.id, client_id).await?.ok_or_else(unknown)
}
