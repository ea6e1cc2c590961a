//! Resolves the resource of a user's token and the granted scopes.

use std::collections::BTreeSet;

use outlive_clock::UserId;
use outlive_rules::aadsts;
use outlive_rules::scopes::{GrantedScopes, RequestedResource, ScopeError, ScopeRequest};
use outlive_tokens::TokenVersion;

use super::request::TokenRequest;
use crate::access::assignment;
use crate::access::scopes::{ResolveError, ResolvedResource, resolve};
use crate::directory::Application;
use crate::protocol::refusal::Refusal;

/// A resource and the scopes of a token for it.
#[derive(Debug, Clone)]
pub(crate) struct ResourceGrant {
    pub(crate) application: Application,
    /// The requested identifier: the audience of a version 1.0 token.
    pub(crate) name: String,
    pub(crate) granted: GrantedScopes,
    /// The request for the tokens.
    pub(crate) request: ScopeRequest,
    /// Whether the grant covers several resources, so that later requests must name one.
    pub(crate) several: bool,
}

impl ResourceGrant {
    /// Returns the requested OpenID Connect scopes.
    pub(crate) const fn oidc(&self) -> &BTreeSet<String> {
        &self.request.oidc
    }
}

/// How a request for several resources is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Several {
    /// The token request (or device authorization request) names several: an error (28000).
    Named,
    /// The authorization request named several, and the token request names none: an error (28003).
    Authorized,
    /// A front-channel token is for the first.
    First,
}

/// A request for a user's token.
#[derive(Debug, Clone)]
pub(crate) struct ResourceRequest {
    pub(crate) scopes: ScopeRequest,
    pub(crate) several: Several,
    /// Whether the grant covers several resources.
    pub(crate) spans_several: bool,
    pub(crate) names_resource: bool,
}

impl ResourceRequest {
    /// Returns a request for `scopes` of one resource.
    pub(crate) const fn of_one(scopes: ScopeRequest) -> Self {
        Self { scopes, several: Several::Named, spans_several: false, names_resource: true }
    }
}

/// Returns the scopes in the token request itself: its `scope`, or its `resource` on version 1.0,
/// where `scope` is ignored.
pub(crate) fn requested_scopes(request: &TokenRequest<'_>) -> Result<Option<ScopeRequest>, Refusal> {
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

/// Returns the request for redeeming an authorization code or a device code. `authorized` is the
/// request at sign-in. On version 1.0, if both name a resource, it has to be the same.
pub(crate) fn at_redemption(
    request: &TokenRequest<'_>,
    authorized: ScopeRequest,
    several: Several,
) -> Result<ResourceRequest, Refusal> {
    let token = requested_scopes(request)?;
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
    Ok(ResourceRequest { scopes: authorized.at_redemption(token), several, spans_several, names_resource })
}

/// Returns the request of a grant without an earlier authorization: `scope`, or `resource` on
/// version 1.0.
pub(crate) fn first_of_grant(request: &TokenRequest<'_>) -> Result<ResourceRequest, Refusal> {
    let missing = match request.endpoint {
        TokenVersion::V1 => "resource",
        TokenVersion::V2 => "scope",
    };
    Ok(ResourceRequest::of_one(requested_scopes(request)?.ok_or_else(|| Refusal::missing(missing))?))
}

/// Resolves the resource, and checks consent and assignment.
pub(crate) async fn resolve_grant(
    request: &TokenRequest<'_>,
    user: UserId,
    wanted: ResourceRequest,
) -> Result<ResourceGrant, Refusal> {
    let ResourceRequest { mut scopes, several, spans_several, .. } = wanted;
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
    let consented = all_granted_scopes(request, user, &resource).await?;
    let name = resource.audience().to_owned();
    let is_graph = resource.is_graph();
    let granted = GrantedScopes::new(resource.forms, is_graph, &consented)
        .ok_or_else(|| Refusal::new(aadsts::CONSENT_REQUIRED).with_client(client.client_id, &client.name))?;
    Ok(ResourceGrant {
        application: resource.application,
        name,
        granted,
        request: scopes,
        several: spans_several,
    })
}

/// Returns everything that this user or an administrator has granted to the client for a resource,
/// in registered spelling.
async fn all_granted_scopes(
    request: &TokenRequest<'_>,
    user: UserId,
    resource: &ResolvedResource,
) -> Result<BTreeSet<String>, Refusal> {
    let (client, api) = (request.client.application.client_id, &resource.application);
    let granted =
        request.idp.directory.granted_scopes(request.tenant.id, client, api.client_id, user).await?;
    Ok(granted.into_iter().map(|name| api.scope(&name).unwrap_or(name)).collect())
}
