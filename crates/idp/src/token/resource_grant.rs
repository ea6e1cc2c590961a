//! Which resource a user's token will be for, and which of its scopes the client was granted.

use std::collections::BTreeSet;

use outlive_clock::UserId;
use outlive_rules::aadsts;
use outlive_tokens::TokenVersion;

use super::endpoint::TokenRequest;
use crate::assignment;
use crate::directory::Application;
use crate::directory::graph_application::GRAPH_URI;
use crate::refusal::Refusal;
use crate::scopes::{AskedFor, AskedResource, AskedScopes, resolve};

/// A resource with the scopes that a token for it may hold.
#[derive(Debug, Clone)]
pub(crate) struct ResourceGrant {
    pub(crate) application: Application,
    /// As it was asked for.
    pub(crate) name: String,
    pub(crate) scopes: BTreeSet<String>,
    /// The scopes of OpenID Connect that go with it.
    pub(crate) oidc: BTreeSet<String>,
}

/// What this token request asks for: its own `scope` (`resource` on v1.0, where a scope counts for nothing), or else
/// what was asked for when the grant was made. The scopes of OpenID Connect stay those of the grant: the person was asked about
/// them then, and leaving one out here does not end it.
pub(crate) fn asked_now(request: &TokenRequest<'_>, granted: AskedScopes) -> Result<AskedScopes, Refusal> {
    let asked = match request.endpoint {
        TokenVersion::V1 => request.form.get("resource").map(AskedScopes::of_resource),
        TokenVersion::V2 => request.form.get("scope").map(AskedScopes::parse).transpose()?,
    };
    Ok(match asked {
        Some(AskedScopes { resources, .. }) if !resources.is_empty() => AskedScopes { resources, ..granted },
        _ => granted,
    })
}

/// What the redemption of a code asks for. Here, where the person was asked a moment ago, what is asked for now has to be one
/// resource, and on v1.0 the one that was asked for then, if one was.
pub(crate) fn asked_at_redemption(
    request: &TokenRequest<'_>,
    granted: AskedScopes,
) -> Result<AskedScopes, Refusal> {
    let before: Vec<String> = granted.resources.iter().map(|resource| resource.name.clone()).collect();
    let asked = asked_now(request, granted)?;
    match (request.endpoint, request.form.get("scope"), request.form.get("resource")) {
        (TokenVersion::V2, Some(scope), _) if asked.resources.len() > 1 => {
            Err(Refusal::new(aadsts::SCOPE_SEVERAL_RESOURCES).with("scope", scope))
        }
        (TokenVersion::V1, _, Some(resource))
            if !before.is_empty() && !before.iter().any(|b| b == resource) =>
        {
            Err(Refusal::new(aadsts::PARAMETER_INVALID).with("name", "resource"))
        }
        _ => Ok(asked),
    }
}

/// What a token request asks for that is the first of its grant: `scope`, or `resource` on v1.0. Of one resource only: a token is
/// for one, and there is no authorization request that could have asked for more.
pub(crate) fn asked_first_here(request: &TokenRequest<'_>) -> Result<AskedScopes, Refusal> {
    if request.endpoint == TokenVersion::V1 {
        let resource = request.form.get("resource").ok_or_else(|| Refusal::missing("resource"))?;
        return Ok(AskedScopes::of_resource(resource));
    }
    let scope = request.form.get("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let asked = AskedScopes::parse(scope)?;
    if asked.resources.len() > 1 {
        return Err(Refusal::new(aadsts::SCOPE_SEVERAL_RESOURCES).with("scope", scope));
    }
    Ok(asked)
}

/// Resolves the first resource asked for, and checks consent. A token is for one resource: the first
/// ("Refresh tokens in the Microsoft identity platform").
pub(crate) async fn granted(
    request: &TokenRequest<'_>,
    user: UserId,
    asked: AskedScopes,
) -> Result<ResourceGrant, Refusal> {
    let graph = || AskedResource { name: GRAPH_URI.to_owned(), scopes: AskedFor::Named(BTreeSet::new()) };
    let first = asked.resources.into_iter().next().unwrap_or_else(graph);
    let tenant = request.tenant.id;
    let resource = resolve(&request.idp.directory, tenant, &first).await?;
    let client = &request.client.application;
    for application in [client, &resource.application] {
        assignment::check_user(&request.idp.directory, tenant, user, application).await?;
    }
    let consented = request
        .idp
        .directory
        .granted_scopes(tenant, client.client_id, resource.application.client_id, user)
        .await?;
    let not_consented = || {
        Refusal::new(aadsts::CONSENT_REQUIRED)
            .with("client", client.client_id)
            .with("client_name", &client.name)
    };
    let scopes = match resource.scopes {
        AskedFor::Default if consented.is_empty() => return Err(not_consented()),
        AskedFor::Default => consented,
        AskedFor::Named(scopes) if scopes.is_subset(&consented) => scopes,
        AskedFor::Named(_) => return Err(not_consented()),
    };
    Ok(ResourceGrant { application: resource.application, name: resource.name, scopes, oidc: asked.oidc })
}
