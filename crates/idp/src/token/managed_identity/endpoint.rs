//! The identity endpoints of Azure resources.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use http::HeaderMap;
use outlive_chassis::record_client;
use outlive_journal::Event;
use outlive_rules::RequestOrigin;
use outlive_rules::scopes::ScopeRequest;
use outlive_tokens::{ClaimsRequest, TokenVersion};
use outlive_wire::Subject;
use outlive_wire::events::TokenRefused;

use super::super::client_authentication::AuthenticatedClient;
use super::super::record::{MANAGED_IDENTITY, truncated};
use super::super::request::TokenRequest;
use super::response::{IdentityError, Protocol, refused, token};
use super::selection::{Selector, select};
use crate::access::scopes::{ResolveError, resolve};
use crate::directory::{Application, IdentityEndpoint, Tenant};
use crate::protocol::refusal::Refusal;
use crate::visit::Visit;
use outlive_rules::aadsts;

/// Why there is no token: an error of the endpoint, or one of the directory about an identity.
enum Failure {
    Endpoint(IdentityError),
    Directory(Option<Box<(Tenant, Application)>>, Box<Refusal>),
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::Endpoint(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Directory(None, Box::new(refusal))
    }
}

impl From<outlive_store::StoreError> for Failure {
    fn from(error: outlive_store::StoreError) -> Self {
        Refusal::from(error).into()
    }
}

/// `GET /{tenant}/identity/{endpoint}/token`, the value of `IDENTITY_ENDPOINT`.
pub(crate) async fn app_service_token(
    path: Result<Path<(String, String)>, PathRejection>,
    visit: Visit,
) -> Response {
    let endpoint = path.map(|Path((_, endpoint))| endpoint).unwrap_or_default();
    let secret = text(&visit.headers, "x-identity-header").map(str::to_owned);
    let answer = issue(&visit, Protocol::AppService, &endpoint, secret.as_deref()).await;
    respond(&visit, Protocol::AppService, answer).await
}

/// `GET …/metadata/identity/oauth2/token` below the path in `AZURE_POD_IDENTITY_AUTHORITY_HOST`.
///
/// A virtual machine needs no secret: only it can reach the address. Here that is a path that
/// cannot be guessed.
pub(crate) async fn metadata_token(
    path: Result<Path<(String, String, String)>, PathRejection>,
    visit: Visit,
) -> Response {
    let (endpoint, secret) = path.map(|Path((_, endpoint, secret))| (endpoint, secret)).unwrap_or_default();
    let answer = issue(&visit, Protocol::Metadata, &endpoint, Some(&secret)).await;
    respond(&visit, Protocol::Metadata, answer).await
}

async fn respond(visit: &Visit, protocol: Protocol, answer: Result<Response, Failure>) -> Response {
    match answer {
        Ok(response) => response,
        Err(Failure::Endpoint(error)) => error.response(protocol, &visit.request_details().await),
        Err(Failure::Directory(about, refusal)) => {
            let recorded = match &about {
                Some(about) => record_refusal(visit, &about.0, &about.1, &refusal).await,
                None => Ok(()),
            };
            let refusal = recorded.err().map_or(refusal, Box::new);
            refused(protocol, &refusal, &visit.request_details().await)
        }
    }
}

async fn issue(
    visit: &Visit,
    protocol: Protocol,
    endpoint: &str,
    secret: Option<&str>,
) -> Result<Response, Failure> {
    let (tenant, endpoint) = find(visit, endpoint).await?;
    check_caller(visit, &tenant, protocol, &endpoint, secret)?;
    let resource = check_parameters(visit, protocol)?;
    let selector = Selector::of(&visit.parameters, protocol)?;
    let directory = &visit.idp.directory;
    let mut identities = Vec::new();
    for client in endpoint.system_assigned.iter().chain(&endpoint.user_assigned) {
        // One that was deleted meanwhile is assigned no more.
        identities.extend(directory.application(tenant.id, *client).await?);
    }
    let identity = select(selector, protocol, endpoint.system_assigned, &identities)?;
    record_client(identity.client_id);
    let about = |refusal: Refusal| {
        Failure::Directory(Some(Box::new((tenant.clone(), identity.clone()))), Box::new(refusal))
    };
    token_for(visit, protocol, &tenant, identity, resource).await.map_err(about)
}

/// Finds the endpoint that the path names.
async fn find(visit: &Visit, endpoint: &str) -> Result<(Tenant, IdentityEndpoint), Failure> {
    let tenant = visit.idp.tenant(&visit.segment, None).await.map_err(|refusal| {
        let is_fault = refusal.error == aadsts::SERVICE_UNAVAILABLE;
        if is_fault { Failure::from(refusal) } else { IdentityError::UnknownEndpoint.into() }
    })?;
    let id = endpoint.parse().map_err(|_| IdentityError::UnknownEndpoint)?;
    let found = visit.idp.directory.identity_endpoint(tenant.id, id).await?;
    Ok((tenant, found.ok_or(IdentityError::UnknownEndpoint)?))
}

/// Checks that the request comes from the resource.
fn check_caller(
    visit: &Visit,
    tenant: &Tenant,
    protocol: Protocol,
    endpoint: &IdentityEndpoint,
    secret: Option<&str>,
) -> Result<(), IdentityError> {
    let secret = secret.unwrap_or_default();
    let is_right = tenant.keys.secrets().is_identity_header(endpoint.id, secret, &endpoint.header_hash);
    match protocol {
        Protocol::AppService if !is_right => Err(IdentityError::WrongHeader),
        Protocol::Metadata if !is_right => Err(IdentityError::UnknownEndpoint),
        Protocol::AppService => Ok(()),
        Protocol::Metadata if visit.headers.contains_key("x-forwarded-for") => Err(IdentityError::Forwarded),
        Protocol::Metadata => match text(&visit.headers, "metadata") {
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(()),
            _ => Err(IdentityError::MetadataHeaderMissing),
        },
    }
}

/// Checks the parameters and returns the requested resource.
fn check_parameters(visit: &Visit, protocol: Protocol) -> Result<&str, IdentityError> {
    let parameters = &visit.parameters;
    if let Some(name) = parameters.duplicated() {
        return Err(IdentityError::ParameterRepeated(truncated(name)));
    }
    let version = parameters.get("api-version").ok_or(IdentityError::ParameterMissing("api-version"))?;
    if !protocol.versions().contains(&version) {
        return Err(IdentityError::UnknownVersion(truncated(version)));
    }
    parameters.get("resource").ok_or(IdentityError::ParameterMissing("resource"))
}

async fn token_for(
    visit: &Visit,
    protocol: Protocol,
    tenant: &Tenant,
    identity: &Application,
    resource: &str,
) -> Result<Response, Refusal> {
    if !identity.enabled {
        return Err(Refusal::new(aadsts::CLIENT_DISABLED).with_client(identity.client_id, &identity.name));
    }
    let wanted = ScopeRequest::of_resource(resource);
    let found = resolve(&visit.idp.directory, tenant.id, &wanted).await.map_err(ResolveError::at_token)?;
    let not_found =
        || Refusal::new(aadsts::RESOURCE_NOT_FOUND).with("resource", resource).with("tenant", tenant.id);
    let resource = found.into_iter().next().ok_or_else(not_found)?;
    let request = TokenRequest {
        idp: &visit.idp,
        tenant: tenant.clone(),
        client: AuthenticatedClient::of_managed_identity(identity.clone()),
        form: &visit.parameters,
        refresh_token: None,
        claims: ClaimsRequest::default(),
        endpoint: TokenVersion::V1,
        origin: &visit.origin.0,
        page: RequestOrigin::None,
        front_channel: false,
        address: outlive_chassis::client_address(&visit.headers),
        now: visit.idp.now(tenant.id).await?,
        trace: &visit.trace,
    };
    let recorded = request.for_application(resource).await?.mint().await?.record().await?;
    Ok(token(protocol, recorded))
}

/// Records that an identity got no token.
async fn record_refusal(
    visit: &Visit,
    tenant: &Tenant,
    identity: &Application,
    refusal: &Refusal,
) -> Result<(), Refusal> {
    let now = visit.idp.now(tenant.id).await?;
    let payload = TokenRefused {
        grant_type: Some(MANAGED_IDENTITY.to_owned()),
        client_id: Some(identity.client_id.to_string()),
        upn: None,
        code: refusal.error,
        error: refusal.error_name().to_owned(),
        suberror: None,
        description: refusal.error.render(&refusal.params),
        refresh_token: None,
        verdict: None,
        question: None,
        correlation_id: Some(visit.trace.correlation_id()),
    };
    let subject = Subject::client(identity.client_id);
    let event = Event::new(tenant.id, now, subject, &visit.trace, payload);
    Ok(visit.idp.chassis.journal.append(&event).await?)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    // One of several would be a guess.
    values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
}
