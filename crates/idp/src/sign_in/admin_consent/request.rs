//! The permissions that an application requests from an administrator.

use std::collections::BTreeSet;

use outlive_clock::ClientId;
use outlive_rules::aadsts;
use outlive_rules::scopes::{RequestedResource, ScopeRequest};
use outlive_tokens::TokenVersion;

use crate::access::scopes::{ResolvedResource, resolve};
use crate::directory::{Application, Tenant};
use crate::idp::Idp;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::{AuthorizeRefusal, AuthorizeRequest, ReplyTo, ResponseMode};

pub(crate) struct AdminConsentRequest {
    pub(crate) tenant: Tenant,
    pub(crate) application: Application,
    pub(crate) reply_to: ReplyTo,
    pub(crate) endpoint: TokenVersion,
    pub(crate) permissions: Vec<RequestedPermissions>,
    /// The `scope` parameter as the response repeats it.
    pub(crate) scope: String,
}

/// The permissions requested of one API.
pub(crate) struct RequestedPermissions {
    pub(crate) resource: Application,
    /// The name under which the request refers to the API.
    pub(crate) name: String,
    /// Delegated permissions.
    pub(crate) scopes: BTreeSet<String>,
    /// Application permissions.
    pub(crate) roles: BTreeSet<String>,
}

impl AdminConsentRequest {
    /// Validates the parameters. Never redirects before the redirect URI is known to belong to the
    /// client.
    pub(super) async fn validate(
        idp: &Idp,
        segment: &str,
        endpoint: TokenVersion,
        parameters: &Parameters,
    ) -> Result<Self, AuthorizeRefusal> {
        parameters.check_carried()?;
        let twice = ["client_id", "redirect_uri"].into_iter().find(|name| parameters.is_duplicated(name));
        if let Some(name) = twice {
            return Err(Refusal::new(aadsts::PARAMETER_DUPLICATED).with("name", name).into());
        }
        let client_id = parameters.get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
        let parsed = client_id.parse::<ClientId>().ok();
        let tenant = idp.tenant(segment, parsed).await?;
        let application = match parsed {
            Some(parsed) => idp.directory.client(tenant.id, parsed).await.map_err(Refusal::from)?,
            None => None,
        };
        let application = application.ok_or_else(|| {
            Refusal::new(aadsts::CLIENT_NOT_FOUND)
                .with("client", client_id)
                .with("tenant", &tenant.display_name)
        })?;
        if !application.enabled {
            return Err(Refusal::new(aadsts::CLIENT_DISABLED)
                .with_client(application.client_id, &application.name)
                .into());
        }
        let reply_to = ReplyTo {
            redirect_uri: redirect_uri(&application, parameters)?,
            mode: ResponseMode::Query,
            state: parameters.get("state").map(str::to_owned),
        };
        let refuse = |refusal: Refusal| AuthorizeRefusal::Reply(reply_to.clone(), refusal);
        if let Some(name) = parameters.duplicated() {
            return Err(refuse(Refusal::new(aadsts::PARAMETER_DUPLICATED).with("name", name)));
        }
        let (permissions, scope) = match endpoint {
            // Version 1.0 ignores the scope: it always requests what is registered.
            TokenVersion::V1 => {
                (registered_permissions(idp, &tenant, &application).await.map_err(refuse)?, String::new())
            }
            TokenVersion::V2 => {
                let scope = parameters.get("scope").ok_or_else(|| refuse(Refusal::missing("scope")))?;
                permissions_in_scope(idp, &tenant, &application, scope).await.map_err(refuse)?
            }
        };
        Ok(Self { tenant, application, reply_to, endpoint, permissions, scope })
    }
}

impl AdminConsentRequest {
    /// Requests all registered permissions, for `prompt=admin_consent`.
    pub(super) async fn of_authorization(idp: &Idp, request: &AuthorizeRequest) -> Result<Self, Refusal> {
        let (tenant, application) = (request.tenant.clone(), request.application.clone());
        Ok(Self {
            permissions: registered_permissions(idp, &tenant, &application).await?,
            reply_to: request.reply_to.clone(),
            endpoint: request.endpoint,
            scope: String::new(),
            tenant,
            application,
        })
    }
}

/// Returns the redirect URI: a registered one, or one that extends its path.
fn redirect_uri(application: &Application, parameters: &Parameters) -> Result<String, Refusal> {
    let registered = &application.document.redirect_uris;
    match (parameters.get("redirect_uri"), registered.as_slice()) {
        (_, []) => Err(Refusal::new(aadsts::NO_REDIRECT_URI)),
        (Some(uri), _)
            if application.document.redirect_type(uri).is_some()
                || application.document.is_below_redirect(uri) =>
        {
            Ok(uri.to_owned())
        }
        (Some(uri), _) => Err(Refusal::new(aadsts::REDIRECT_URI_MISMATCH)
            .with("redirect_uri", uri)
            .with("client", application.client_id)),
        (None, [only]) => Ok(only.uri.clone()),
        (None, _) => Err(Refusal::new(aadsts::REDIRECT_URI_MISSING)),
    }
}

/// Returns all permissions in the application's registration.
async fn registered_permissions(
    idp: &Idp,
    tenant: &Tenant,
    application: &Application,
) -> Result<Vec<RequestedPermissions>, Refusal> {
    let apis: BTreeSet<ClientId> =
        application.document.required.iter().map(|required| required.resource).collect();
    let resources = apis.into_iter().map(|api| RequestedResource::whole(&api.to_string())).collect();
    resolve_permissions(idp, tenant, application, &ScopeRequest { resources, ..ScopeRequest::default() })
        .await
}

/// Returns the permissions that the scope parameter names, and the scope to repeat in the response.
async fn permissions_in_scope(
    idp: &Idp,
    tenant: &Tenant,
    application: &Application,
    scope: &str,
) -> Result<(Vec<RequestedPermissions>, String), Refusal> {
    let request = ScopeRequest::parse(scope)?;
    let permissions = resolve_permissions(idp, tenant, application, &request).await?;
    Ok((permissions, request.words()))
}

async fn resolve_permissions(
    idp: &Idp,
    tenant: &Tenant,
    application: &Application,
    request: &ScopeRequest,
) -> Result<Vec<RequestedPermissions>, Refusal> {
    let resources = resolve(&idp.directory, tenant.id, request).await;
    let resources = resources.map_err(|error| error.at_authorize(application))?;
    resources.into_iter().map(|resource| of_api(application, resource, &request.oidc)).collect()
}

fn of_api(
    application: &Application,
    resource: ResolvedResource,
    oidc: &BTreeSet<String>,
) -> Result<RequestedPermissions, Refusal> {
    let scopes = resource.scopes_for(application, oidc);
    let name = resource.audience().to_owned();
    let required = application.document.required.iter();
    let required = required.filter(|r| r.resource == resource.application.client_id);
    let roles = required.flat_map(|required| &required.roles);
    let known = &resource.application.document.app_roles;
    // A scope cannot name an application permission; only `.default` includes them.
    let roles = roles.filter(|role| resource.by_default() && known.iter().any(|known| known.value == **role));
    let roles: BTreeSet<String> = roles.cloned().collect();
    if roles.is_empty() {
        resource.check_registered(application, &scopes)?;
    }
    Ok(RequestedPermissions { roles, resource: resource.application, name, scopes })
}
