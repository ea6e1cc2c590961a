//! Which resource a user's token is for, and which of its scopes the client is granted.

use std::collections::BTreeSet;

use outlive_clock::UserId;
use outlive_rules::aadsts;
use outlive_rules::scopes::{GrantedScopes, RequestedResource, ScopeError, ScopeRequest};
use outlive_tokens::TokenVersion;

use super::endpoint::TokenRequest;
use crate::assignment;
use crate::directory::Application;
use crate::refusal::Refusal;
use crate::scopes::{ResolveError, ResolvedResource, resolve};

/// A resource with the scopes that a token for it holds.
#[derive(Debug, Clone)]
pub(crate) struct ResourceGrant {
    pub(crate) application: Application,
    /// The identifier as requested: the audience of a version 1.0 token.
    pub(crate) name: String,
    pub(crate) granted: GrantedScopes,
    /// What the tokens were requested with.
    pub(crate) request: ScopeRequest,
    /// Whether the grant spans several resources, so that a later request has to name one.
    pub(crate) several: bool,
}

impl ResourceGrant {
    /// The requested OpenID Connect scopes.
    pub(crate) const fn oidc(&self) -> &BTreeSet<String> {
        &self.request.oidc
    }
}

/// What to do where a request is for several resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Several {
    /// The token request names them, or a device's request did: refused (28000).
    Named,
    /// The authorization request spanned them, and the token request names none (28003).
    Authorized,
    /// A token of the authorization endpoint is for the first.
    First,
}

/// A request for a user's token.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) scopes: ScopeRequest,
    pub(crate) several: Several,
    /// Whether the grant spans several resources.
    pub(crate) spans_several: bool,
    /// Whether the token request names the resource itself.
    pub(crate) names_resource: bool,
}

impl Wanted {
    /// A request with `scopes` of one resource.
    pub(crate) const fn of_one(scopes: ScopeRequest) -> Self {
        Self { scopes, several: Several::Named, spans_several: false, names_resource: true }
    }
}

/// The scopes that the token request itself names, if any: its `scope`, or its `resource` on
/// version 1.0, where a scope does not matter.
pub(crate) fn named(request: &TokenRequest<'_>) -> Result<Option<ScopeRequest>, Refusal> {
    Ok(match request.endpoint {
        TokenVersion::V1 => request.form.get("resource").map(ScopeRequest::of_resource),
        TokenVersion::V2 => {
            let scope = request
                .form
                .get("scope")
                .filter(|scope| !scope.trim().is_empty())
                .map(ScopeRequest::parse)
                .transpose()?;
            scope.map(ScopeRequest::with_one_default).transpose()?
        }
    })
}

/// What the redemption of an authorization code or a device code is for. `authorized` is what was
/// requested when the user signed in. On version 1.0, the resource has to be the same if both
/// requests name one.
pub(crate) fn at_redemption(
    request: &TokenRequest<'_>,
    authorized: ScopeRequest,
    several: Several,
) -> Result<Wanted, Refusal> {
    let token = named(request)?;
    if request.endpoint == TokenVersion::V1
        && let Some(resource) = request.form.get("resource")
        && !authorized.resources.is_empty()
        && !authorized.resources.iter().any(|before| before.audience() == resource)
    {
        return Err(Refusal::new(aadsts::PARAMETER_INVALID).with("name", "resource"));
    }
    let names_resource = token.as_ref().is_some_and(|token| !token.resources.is_empty());
    let spans_several = authorized.resources.len() > 1;
    let several = if names_resource { Several::Named } else { several };
    Ok(Wanted { scopes: authorized.at_redemption(token), several, spans_several, names_resource })
}

/// What a token request is for that is the first of its grant: `scope`, or `resource` on version
/// 1.0.
pub(crate) fn first_of_grant(request: &TokenRequest<'_>) -> Result<Wanted, Refusal> {
    let missing = match request.endpoint {
        TokenVersion::V1 => "resource",
        TokenVersion::V2 => "scope",
    };
    Ok(Wanted::of_one(named(request)?.ok_or_else(|| Refusal::missing(missing))?))
}

/// Finds the resource, and checks consent and assignment.
pub(crate) async fn granted(
    request: &TokenRequest<'_>,
    user: UserId,
    wanted: Wanted,
) -> Result<ResourceGrant, Refusal> {
    let Wanted { mut scopes, several, spans_several, .. } = wanted;
    if scopes.resources.is_empty() {
        scopes.resources.push(RequestedResource::default());
    }
    let tenant = request.tenant.id;
    let resources = resolve(&request.idp.directory, tenant, &scopes).await.map_err(ResolveError::at_token)?;
    let mut resources = resources.into_iter();
    let Some(resource) = resources.next() else {
        return Err(ScopeError::Malformed.into());
    };
    if resources.next().is_some() {
        match several {
            Several::Named => return Err(ScopeError::SeveralResources(scopes.text).into()),
            Several::Authorized => return Err(ScopeError::NoneOfSeveral.into()),
            Several::First => {}
        }
    }
    let client = &request.client.application;
    for application in [client, &resource.application] {
        assignment::check_user(&request.idp.directory, tenant, user, application).await?;
    }
    let consented = consented(request, user, &resource).await?;
    let name = resource.audience().to_owned();
    let is_graph = resource.is_graph();
    let granted = GrantedScopes::new(resource.forms, is_graph, &consented).ok_or_else(|| {
        Refusal::new(aadsts::CONSENT_REQUIRED)
            .with("client", client.client_id)
            .with("client_name", &client.name)
    })?;
    Ok(ResourceGrant {
        application: resource.application,
        name,
        granted,
        request: scopes,
        several: spans_several,
    })
}

/// Everything that this user or an administrator has granted the client of a resource, in
/// registered spelling.
async fn consented(
    request: &TokenRequest<'_>,
    user: UserId,
    resource: &ResolvedResource,
) -> Result<BTreeSet<String>, Refusal> {
    let (client, api) = (request.client.application.client_id, &resource.application);
    let granted =
        request.idp.directory.granted_scopes(request.tenant.id, client, api.client_id, user).await?;
    Ok(granted.into_iter().map(|name| api.scope(&name).unwrap_or(name)).collect())
}
