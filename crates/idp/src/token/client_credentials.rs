//! `grant_type=client_credentials` (RFC 6749, section 4.4): a token for the application itself,
//! without a refresh token.

use outlive_rules::aadsts;
use outlive_rules::scopes::{ScopeError, ScopeRequest};
use outlive_store::Change;
use outlive_tokens::TokenVersion;
use outlive_tokens::claims::{AccessSubject, ClientAuthentication, UserClaims};

use super::endpoint::TokenRequest;
use super::mint::{AccessTokenOrder, mint_access_token};
use super::record;
use super::response::TokenAnswer;
use super::user_claims::{application_wids, includes_idtyp, opaque_claims};
use crate::access::assignment::check_application;
use crate::access::conditional_access::NO_CONTEXTS;
use crate::access::scopes::{ResolveError, ResolvedResource, resolve};
use crate::protocol::refusal::Refusal;

pub(crate) async fn grant(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let application = &request.client.application;
    if request.client.authentication == ClientAuthentication::None {
        return Err(Refusal::new(aadsts::CREDENTIAL_INCOMPLETE).with("grant_type", "client_credentials"));
    }
    let tenant = request.tenant.id;
    let directory = &request.idp.directory;
    let resource = resource(request).await?;
    let roles =
        directory.assigned_roles(tenant, application.client_id, resource.application.client_id).await?;
    check_application(application, &resource.application, &roles)?;
    let subject = AccessSubject::App {
        service_principal: application.service_principal_id,
        roles: roles.clone(),
        idtyp: includes_idtyp(&resource.application),
        wids: application_wids(&resource.application),
    };
    let random = request.idp.chassis.random.of(tenant);
    let order = AccessTokenOrder {
        resource: &resource.application,
        name: resource.audience(),
        subject: &subject,
        user_claims: UserClaims {
            opaque: Some(opaque_claims(&mut random.stream("token-notes"))),
            ..UserClaims::default()
        },
        claims: &request.claims,
        contexts: &NO_CONTEXTS,
    };
    let access_token = mint_access_token(request, &order).await?;
    let mut change = Change::new();
    record::issued_to_app(request, &access_token, &roles, &mut change);
    request.idp.chassis.store.commit(change).await?;
    Ok(TokenAnswer::for_app(request.endpoint, access_token, resource.audience().to_owned(), request.now))
}

/// The one resource that is requested, with `/.default`. OpenID Connect scopes beside it are
/// ignored: several libraries always send them.
async fn resource(request: &TokenRequest<'_>) -> Result<ResolvedResource, Refusal> {
    let (directory, tenant) = (&request.idp.directory, request.tenant.id);
    let (wanted, scope) = match request.endpoint {
        TokenVersion::V1 => {
            let name = request.form.get("resource").ok_or_else(|| Refusal::missing("resource"))?;
            (ScopeRequest::of_resource(name), name)
        }
        TokenVersion::V2 => {
            let scope = request.form.get("scope").ok_or_else(|| Refusal::missing("scope"))?;
            let parsed = match ScopeRequest::parse(scope) {
                Ok(parsed) => parsed.with_one_default()?,
                Err(ScopeError::DefaultCombined(text)) => {
                    return Err(ScopeError::DefaultCombined(text).into());
                }
                Err(_) => ScopeRequest::default(),
            };
            (parsed, scope)
        }
    };
    if !matches!(wanted.resources.as_slice(), [one] if one.by_default) {
        return Err(Refusal::new(aadsts::SCOPE_NOT_DEFAULT).with("scope", scope));
    }
    let found = resolve(directory, tenant, &wanted).await.map_err(ResolveError::at_token)?;
    found.into_iter().next().ok_or_else(|| Refusal::new(aadsts::SCOPE_NOT_DEFAULT).with("scope", scope))
}
