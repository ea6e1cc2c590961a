//! Resolves the resources in a `scope` parameter, whose syntax [`outlive_rules::scopes`] defines.

use std::collections::BTreeSet;

use outlive_clock::{ClientId, TenantId};
use outlive_rules::aadsts;
use outlive_rules::scopes::{RequestedResource, ScopeError, ScopeRequest};

use crate::directory::platform::GRAPH;
use crate::directory::{Application, Directory};
use crate::protocol::refusal::Refusal;

/// An existing resource and what is requested of it.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedResource {
    pub(crate) application: Application,
    /// The identifiers in the request, with scopes in registered spelling. Never empty.
    pub(crate) forms: Vec<RequestedResource>,
}

impl ResolvedResource {
    /// Returns the identifier of the first form: the audience of a version 1.0 access token.
    pub(crate) fn audience(&self) -> &str {
        self.forms.first().map_or("", RequestedResource::audience)
    }

    /// Returns whether it is requested with `/.default`.
    pub(crate) fn by_default(&self) -> bool {
        self.forms.iter().any(|form| form.by_default)
    }

    /// Returns the requested delegated permissions; with `.default`, those in the client's
    /// registration.
    ///
    /// A client need not register its own API, whose `.default` includes all its scopes. A client
    /// that registers nothing of Microsoft Graph receives the OpenID Connect scopes that it
    /// requests (`oidc`), which are permissions of Microsoft Graph.
    pub(crate) fn scopes_for(&self, client: &Application, oidc: &BTreeSet<String>) -> BTreeSet<String> {
        let mut scopes: BTreeSet<String> =
            self.forms.iter().flat_map(|form| form.names.iter().cloned()).collect();
        if !self.by_default() {
            return scopes;
        }
        let required = client.required_scopes(self.application.client_id);
        scopes.extend(required.iter().filter_map(|name| self.application.scope(name)));
        if scopes.is_empty() && self.application.client_id == client.client_id {
            scopes.extend(self.application.document.scopes.iter().map(|scope| scope.value.clone()));
        }
        if scopes.is_empty() && self.is_graph() {
            scopes.extend(oidc.iter().cloned());
        }
        scopes
    }

    /// Returns the requested permissions that are not `granted`. With `.default`, the granted
    /// permissions suffice, whatever is registered ("Scopes and permissions").
    ///
    /// # Errors
    /// AADSTS650057 if `.default` is requested and nothing is registered or granted: consent would
    /// be empty, and the resulting code could not be redeemed.
    pub(crate) fn lacking(
        &self,
        client: &Application,
        oidc: &BTreeSet<String>,
        granted: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Refusal> {
        if self.by_default() && !granted.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut scopes = self.scopes_for(client, oidc);
        self.check_registered(client, &scopes)?;
        scopes.retain(|name| !granted.iter().any(|known| known.eq_ignore_ascii_case(name)));
        Ok(scopes)
    }

    /// Rejects `.default` without any permission.
    ///
    /// # Errors
    /// AADSTS650057.
    pub(crate) fn check_registered<T: Ord>(
        &self,
        client: &Application,
        permissions: &BTreeSet<T>,
    ) -> Result<(), Refusal> {
        if !self.by_default() || !permissions.is_empty() {
            return Ok(());
        }
        let registered = client.document.required.iter().map(|required| required.resource);
        let registered: BTreeSet<ClientId> = registered.collect();
        let registered: Vec<String> = registered.iter().map(ToString::to_string).collect();
        Err(Refusal::new(aadsts::RESOURCE_NOT_REGISTERED)
            .with_client(client.client_id, &client.name)
            .with("resource", self.audience())
            .with("resource_id", self.application.client_id)
            .with("registered", registered.join(", ")))
    }

    /// Returns whether it is Microsoft Graph, which owns the OpenID Connect scopes.
    pub(crate) fn is_graph(&self) -> bool {
        self.application.client_id == GRAPH
    }
}

/// Why a scope request cannot be resolved.
#[derive(Debug)]
pub(crate) enum ResolveError {
    /// The resource has no such scope; each endpoint has its own error.
    UnknownScope {
        resource: Box<Application>,
        error: ScopeError,
    },
    Refused(Refusal),
}

impl ResolveError {
    /// Returns the error of the token endpoint.
    pub(crate) fn at_token(self) -> Refusal {
        match self {
            Self::UnknownScope { error, .. } => error.into(),
            Self::Refused(refusal) => refusal,
        }
    }

    /// Returns the error of the authorization endpoint, which names the resource.
    pub(crate) fn at_authorize(self, client: &Application) -> Refusal {
        match self {
            Self::UnknownScope { resource, error: ScopeError::Unknown { name, .. } } => {
                Refusal::new(aadsts::SCOPE_UNKNOWN)
                    .with("client_name", &client.name)
                    .with("scope", name)
                    .with("resource", resource.client_id)
            }
            other => other.at_token(),
        }
    }
}

impl From<ScopeError> for Refusal {
    fn from(error: ScopeError) -> Self {
        let (error, params) = error.code();
        Self { params, ..Self::new(error) }
    }
}

/// Resolves the resources of a request, in its order. A resource with two identifiers is resolved
/// once.
pub(crate) async fn resolve(
    directory: &Directory,
    tenant: TenantId,
    request: &ScopeRequest,
) -> Result<Vec<ResolvedResource>, ResolveError> {
    let mut found: Vec<ResolvedResource> = Vec::new();
    for requested in &request.resources {
        let application = resource(directory, tenant, requested.audience()).await?;
        let registered = application.document.scopes.iter().map(|scope| scope.value.as_str());
        let spelled = requested.spelled_as(registered).map_err(|name| ResolveError::UnknownScope {
            resource: Box::new(application.clone()),
            error: ScopeError::Unknown { text: request.text.clone(), name },
        })?;
        match found.iter_mut().find(|known| known.application.client_id == application.client_id) {
            Some(known) => known.forms.push(spelled),
            None => found.push(ResolvedResource { application, forms: vec![spelled] }),
        }
    }
    Ok(found)
}

/// Finds the resource with this identifier if tokens are issued for it.
async fn resource(directory: &Directory, tenant: TenantId, name: &str) -> Result<Application, ResolveError> {
    let refused = |refusal: Refusal| ResolveError::Refused(refusal);
    let application = directory.resource(tenant, name).await.map_err(|error| refused(error.into()))?;
    let application = application.ok_or_else(|| {
        refused(Refusal::new(aadsts::RESOURCE_NOT_FOUND).with("resource", name).with("tenant", tenant))
    })?;
    if !application.enabled {
        return Err(refused(Refusal::new(aadsts::RESOURCE_DISABLED).with("resource", name)));
    }
    Ok(application)
}
