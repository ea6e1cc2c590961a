//! `grant_type=client_credentials` (RFC 6749, section 4.4): the application for itself. Never a refresh token.

use outlive_rules::aadsts;
use outlive_store::Change;
use outlive_tokens::TokenVersion;
use outlive_tokens::claims::{AccessSubject, ClientAuthentication, Told};

use super::endpoint::TokenRequest;
use super::mint::{AccessTokenOrder, mint_access_token};
use super::record;
use super::response::TokenAnswer;
use super::told::{application_wids, notes, tells_idtyp};
use crate::assignment::check_application;
use crate::conditional_access::NO_CONTEXTS;
use crate::refusal::Refusal;
use crate::scopes::{AskedFor, AskedResource, AskedScopes, resolve};

pub(crate) async fn grant(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let application = &request.client.application;
    if request.client.authentication == ClientAuthentication::None {
        return Err(Refusal::new(aadsts::CREDENTIAL_INCOMPLETE).with("grant_type", "client_credentials"));
    }
    let asked = asked_resource(request)?;
    let tenant = request.tenant.id;
    let directory = &request.idp.directory;
    let resource = resolve(directory, tenant, &asked).await?;
    let roles =
        directory.assigned_roles(tenant, application.client_id, resource.application.client_id).await?;
    check_application(application, &resource.application, &roles)?;
    let subject = AccessSubject::App {
        service_principal: application.service_principal_id,
        roles: roles.clone(),
        idtyp: tells_idtyp(&resource.application),
        wids: application_wids(&resource.application),
    };
    let random = request.idp.chassis.random.of(tenant);
    let order = AccessTokenOrder {
        resource: &resource.application,
        name: &resource.name,
        subject: &subject,
        told: Told { opaque: Some(notes(&mut random.stream("token-notes"))), ..Told::default() },
        claims: &request.claims,
        contexts: &NO_CONTEXTS,
    };
    let access_token = mint_access_token(request, &order).await?;
    let mut change = Change::new();
    record::issued_to_app(request, &access_token, &roles, &mut change);
    request.idp.chassis.store.commit(change).await?;
    Ok(TokenAnswer::for_app(request.endpoint, access_token, resource.name, request.now))
}

/// The one resource that is asked for, with `/.default`.
fn asked_resource(request: &TokenRequest<'_>) -> Result<AskedResource, Refusal> {
    if request.endpoint == TokenVersion::V1 {
        let name = request.form.get("resource").ok_or_else(|| Refusal::missing("resource"))?;
        return Ok(AskedResource { name: name.to_owned(), scopes: AskedFor::Default });
    }
    let scope = request.form.get("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let not_default = || Refusal::new(aadsts::SCOPE_NOT_DEFAULT).with("scope", scope);
    let asked = AskedScopes::parse(scope).map_err(|_| not_default())?;
    if !asked.oidc.is_empty() {
        return Err(not_default());
    }
    match <[AskedResource; 1]>::try_from(asked.resources) {
        Ok([one]) if one.scopes == AskedFor::Default => Ok(one),
        _ => Err(not_default()),
    }
}
