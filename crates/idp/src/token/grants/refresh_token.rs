//! `grant_type=refresh_token` (RFC 6749, section 6). Each redemption returns a new refresh token,
//! and the old one stays valid, unless the tenant's rules rotate strictly.

use outlive_clock::ClientId;
use outlive_rules::scopes::{ScopeError, ScopeRequest};
use outlive_rules::{ClientClass, Presented, Rule, aadsts};
use outlive_store::Change;
use outlive_tokens::{ClaimsRequest, SealedRefreshToken, TokenVersion};

use crate::protocol::refusal::Refusal;
use crate::token::grant::{Authentication, Family, Grant};
use crate::token::refresh_token::{Presentation, gather};
use crate::token::request::TokenRequest;
use crate::token::resource_grant::{ResourceGrant, ResourceRequest, requested_scopes};
use crate::token::response::TokenAnswer;

pub(in crate::token) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    request.parameter("refresh_token")?;
    let token = request.refresh_token.ok_or_else(|| Refusal::new(aadsts::MALFORMED_GRANT))?;
    check_credential(request, token)?;
    if let Some(answer) = attempt(request, token).await? {
        return Ok(answer);
    }
    // Another request used the token at the same time, where it is valid once: it counts as
    // replaced, and can be used again within the grace period.
    attempt(request, token).await?.ok_or_else(|| Refusal::new(aadsts::INVALID_GRANT))
}

/// Redeems the token; `None` if another request changed its family meanwhile.
async fn attempt(
    request: &TokenRequest<'_>,
    token: &SealedRefreshToken,
) -> Result<Option<TokenAnswer>, Refusal> {
    let user = request.idp.directory.user(token.tenant, token.user_id).await?;
    let wanted = wanted(request, token);
    let asked = wanted.as_ref().ok().map(|wanted| wanted.scopes.clone());
    let is_by_grant = wanted.as_ref().is_ok_and(|wanted| !wanted.names_resource);
    let checked = request
        .with_scopes(asked, &token.resource, wanted)
        .with_user(user)
        .with_access(&request.claims.contexts, Some(token.auth_time))
        .await?;
    let presentation = Presentation {
        tenant: &request.tenant,
        token,
        user: checked.user(),
        client: Some(&request.client.application),
        access: checked.access(),
        by_its_client: token.client_id == request.client.application.client_id,
        origin: request.page,
    };
    let (facts, rotation) = gather(request.idp, &presentation).await?;
    let accepted = match checked.decide(Presented::RefreshToken(facts)).await {
        Ok(accepted) => accepted,
        Err(refusal) => {
            let rule = refusal.decision.as_ref().map(|decision| decision.verdict.rule);
            if rule == Some(Rule::UsedBefore)
                && let Some(end) = rotation.end_family(token, request.now)
            {
                request.idp.chassis.store.commit(Change::from(end)).await?;
            }
            return Err(refusal);
        }
    };
    let authorized = accepted.authorize().await?;
    if is_by_grant {
        check_own_application(request, &authorized.resource)?;
    }
    // The capabilities that the client declared when the family was created.
    let declared = ClaimsRequest { can_be_challenged: token.can_be_challenged, ..ClaimsRequest::default() };
    let grant = Grant {
        grant_type: "refresh_token",
        authentication: Authentication {
            amr: token.amr.clone(),
            auth_time: token.auth_time,
            session_id: token.session_id,
            address: token.address,
            nonce: None,
            contexts: request.claims.contexts.clone(),
            claims: request.claims.clone().after(&declared),
        },
        family: Family::Of(token, &rotation),
    };
    match authorized.mint(&grant).await?.record(Change::new()).await {
        Ok(recorded) => Ok(Some(TokenAnswer::of(recorded))),
        Err(error) if error.is_conflict() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Checks that the token is of this tenant and that its own client authenticates as it did when the
/// grant was made: a grant keeps its class. The class of another client does not matter.
fn check_credential(request: &TokenRequest<'_>, token: &SealedRefreshToken) -> Result<(), Refusal> {
    if token.tenant != request.tenant.id {
        return Err(Refusal::new(aadsts::INVALID_GRANT));
    }
    if !request.tenant.knows(token.generation) {
        return Err(Refusal::new(aadsts::MALFORMED_GRANT));
    }
    if token.client_id != request.client.application.client_id {
        return Ok(());
    }
    match (token.client_class, request.client.class()) {
        (ClientClass::Confidential, ClientClass::Public) => Err(Refusal::new(aadsts::CREDENTIAL_MISSING)),
        (ClientClass::Public, ClientClass::Confidential) => Err(Refusal::new(aadsts::CREDENTIAL_NOT_ALLOWED)),
        _ => Ok(()),
    }
}

/// Returns the scopes to issue: those of the resource of the request, or else of the grant, with
/// all that is consented to.
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
        return Err(Refusal::new(aadsts::OWN_APPLICATION_BY_URI).with_client(client.client_id, &client.name));
    }
    Ok(())
}
