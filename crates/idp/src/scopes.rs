//! Finds the resources that a `scope` parameter names. What the parameter means is decided by
//! [`outlive_rules::scopes`].

use outlive_clock::TenantId;
use outlive_rules::aadsts;
use outlive_rules::scopes::{RequestedResource, ScopeError, ScopeRequest};

use crate::directory::platform::GRAPH;
use crate::directory::{Application, Directory};
use crate::refusal::Refusal;

/// A resource that exists, and what is requested of it.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedResource {
    pub(crate) application: Application,
    /// The forms in which the request names it, with scope names in registered spelling. Never
    /// empty.
    pub(crate) forms: Vec<RequestedResource>,
}

impl ResolvedResource {
    /// The identifier of the first form: the audience of a version 1.0 access token.
    pub(crate) fn audience(&self) -> &str {
        self.forms.first().map_or("", RequestedResource::audience)
    }

    /// Whether it is requested with `/.default`.
    pub(crate) fn by_default(&self) -> bool {
        self.forms.iter().any(|form| form.by_default)
    }

    /// The delegated permissions that consent is needed for. With `.default`, those that the client
    /// has registered.
    pub(crate) fn scopes_for(&self, client: &Application) -> Vec<String> {
        let named = self.forms.iter().flat_map(|form| form.names.iter().cloned());
        let required = client.required_scopes(self.application.client_id);
        let required = required.into_iter().filter(|_| self.by_default());
        let mut scopes: Vec<String> =
            named.chain(required.filter_map(|name| self.application.scope(&name))).collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }

    /// Whether it is Microsoft Graph, whose permissions the OpenID Connect scopes are.
    pub(crate) fn is_graph(&self) -> bool {
        self.application.client_id == GRAPH
    }
}

/// Why a request could not be resolved.
#[derive(Debug)]
pub(crate) enum ResolveError {
    /// The resource has no scope of this name; the endpoints refuse it differently.
    UnknownScope {
        resource: Box<Application>,
        error: ScopeError,
    },
    Refused(Refusal),
}

impl ResolveError {
    /// The error of the token endpoint.
    pub(crate) fn at_token(self) -> Refusal {
        match self {
            Self::UnknownScope { error, .. } => error.into(),
            Self::Refused(refusal) => refusal,
        }
    }

    /// The error of the authorization endpoint, which names the resource.
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
        Self { error, params, decision: None }
    }
}

/// Finds the resources of a request, in its order. One that is named in two ways is found once.
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

/// The resource that is known by this name, if tokens for it are issued.
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
