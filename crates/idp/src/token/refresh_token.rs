//! `grant_type=refresh_token` (RFC 6749, section 6). Each redemption returns a new refresh token,
//! and the old one stays valid, unless the tenant's rules rotate strictly.

use outlive_clock::ClientId;
use outlive_rules::scopes::{RequestedResource, ScopeError, ScopeRequest};
use outlive_rules::{ClientClass, Presented, Rule, aadsts};
use outlive_store::Change;
use outlive_tokens::{ClaimsRequest, SealedRefreshToken, SealedToken, TokenVersion};

use super::endpoint::TokenRequest;
use super::mint::{Family, UserGrant, mint_for_user};
use super::refresh_token_facts::{self, Presentation};
use super::resource_grant::{ResourceGrant, ResourceRequest, requested_scopes, resolve_grant};
use super::response::TokenAnswer;
use crate::access::second_factor;
use crate::directory::User;
use crate::protocol::decision::Decision;
use crate::protocol::refusal::Refusal;

pub(crate) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    if let Some(answer) = attempt(request).await? {
        return Ok(answer);
    }
    // Another request used the token at the same time, where it is valid once: it counts as
    // replaced, and can be used again within the grace period.
    attempt(request).await?.ok_or_else(|| Refusal::new(aadsts::INVALID_GRANT))
}

/// Redeems the token; `None` if another request changed its family meanwhile.
async fn attempt(request: &TokenRequest<'_>) -> Result<Option<TokenAnswer>, Refusal> {
    let idp = request.idp;
    let presented = request.form.get("refresh_token").ok_or_else(|| Refusal::missing("refresh_token"))?;
    let token = SealedRefreshToken::open(&idp.chassis.sealer, presented)
        .map_err(|_| Refusal::new(aadsts::MALFORMED_GRANT))?;
    if token.tenant != request.tenant.id {
        return Err(Refusal::new(aadsts::INVALID_GRANT));
    }
    let client = &request.client.application;
    let by_its_client = token.client_id == client.client_id;
    match (refresh_token_facts::class_of(&token), request.client.class()) {
        // The class of another client does not matter: the grant is not its own.
        _ if !by_its_client => {}
        (ClientClass::Confidential, ClientClass::Public) => {
            return Err(Refusal::new(aadsts::CREDENTIAL_MISSING));
        }
        // A grant keeps the class in which it was made.
        (ClientClass::Public, ClientClass::Confidential) => {
            return Err(Refusal::new(aadsts::CREDENTIAL_NOT_ALLOWED));
        }
        _ => {}
    }
    let user = idp.directory.user(token.tenant, token.user_id).await?;
    let wanted = wanted(request, &token);
    let scopes = wanted.as_ref().ok().map(|wanted| &wanted.scopes);
    let access =
        request.access(user.as_ref(), scopes, &request.claims.contexts, Some(token.auth_time)).await?;
    let presentation = Presentation {
        tenant: &request.tenant,
        token: &token,
        user: user.as_ref(),
        client: Some(client),
        access: &access,
        by_its_client,
        origin: request.page,
    };
    let (facts, rotation) = refresh_token_facts::gather(idp, &presentation).await?;
    let presented = Presented::RefreshToken(facts);
    let decision =
        Decision::on(presented, user.as_ref().map(User::facts), &request.tenant.rules, request.now);
    if let Some(refusal) = Refusal::of_decision(&decision) {
        if decision.verdict.rule == Rule::UsedBefore
            && let Some(end) = rotation.end_family(&token, request.now)
        {
            idp.chassis.store.commit(Change::from(end)).await?;
        }
        let first = scopes.and_then(|scopes| scopes.resources.first());
        let resource = first.map_or(token.resource.as_str(), RequestedResource::audience);
        return Err(second_factor::complete(refusal, &idp.directory, &request.tenant, resource).await?);
    }
    let Some(user) = user else { return Err(Refusal::new(aadsts::USER_NOT_FOUND)) };
    let wanted = wanted?;
    let by_grant = !wanted.names_resource;
    let resource = resolve_grant(request, user.id, wanted).await?;
    if by_grant {
        check_own_application(request, &resource)?;
    }
    let grant = UserGrant {
        user: &user,
        amr: token.amr.clone(),
        auth_time: token.auth_time,
        session_id: token.session_id,
        nonce: None,
        address: token.address,
        contexts: request.claims.contexts.clone(),
        family: Family::Of(&token, &rotation),
        claims: request.claims.clone().after(&declared_before(&token)),
        decision: &decision,
        grant_type: "refresh_token",
    };
    let mut change = Change::new();
    let answer = mint_for_user(request, grant, resource, &mut change).await?;
    match idp.chassis.store.commit(change).await {
        Ok(()) => Ok(Some(answer)),
        Err(error) if error.is_conflict() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The capabilities that the client declared when the family was created.
fn declared_before(token: &SealedRefreshToken) -> ClaimsRequest {
    ClaimsRequest { can_be_challenged: token.can_be_challenged, ..ClaimsRequest::default() }
}

/// The scopes to issue: those of the resource of the request, or else of the grant, with all that
/// is consented to.
fn wanted(request: &TokenRequest<'_>, token: &SealedRefreshToken) -> Result<ResourceRequest, Refusal> {
    let named = requested_scopes(request)?;
    let names_resource = named.as_ref().is_some_and(|named| !named.resources.is_empty());
    if token.several && !names_resource {
        return Err(ScopeError::NoneOfSeveral.into());
    }
    let kept = ScopeRequest::of_kept((!token.bare).then(|| token.resource.clone()), &token.scopes);
    let mut scopes = kept.at_refresh(named);
    if request.endpoint == TokenVersion::V1 {
        scopes.oidc.extend(ScopeRequest::of_version_1().oidc);
    }
    // A refresh always returns a refresh token.
    scopes.oidc.insert("offline_access".to_owned());
    Ok(ResourceRequest { names_resource, ..ResourceRequest::of_one(scopes) })
}

/// An application that requested a token for itself by URI has to name the resource again, or
/// itself by client id (90009).
fn check_own_application(request: &TokenRequest<'_>, resource: &ResourceGrant) -> Result<(), Refusal> {
    let client = &request.client.application;
    let by_uri = resource.name.parse::<ClientId>().is_err();
    if resource.application.client_id == client.client_id && by_uri {
        return Err(Refusal::new(aadsts::OWN_APPLICATION_BY_URI)
            .with("client", client.client_id)
            .with("client_name", &client.name));
    }
    Ok(())
}
