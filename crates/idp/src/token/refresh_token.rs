//! `grant_type=refresh_token` (RFC 6749, section 6). Entra answers every redemption with a new refresh token and leaves the
//! old one alone; only where a tenant's rules rotate strictly does its use end it.

use outlive_rules::{ClientClass, Presented, Rule, aadsts};
use outlive_store::Change;
use outlive_tokens::{ClaimsRequest, SealedRefreshToken, SealedToken};

use super::endpoint::TokenRequest;
use super::mint::{Family, UserGrant, mint_for_user};
use super::refresh_token_facts::{self, Presentation};
use super::resource_grant::{asked_now, granted};
use super::response::TokenAnswer;
use crate::decision::Decision;
use crate::directory::graph_application::OIDC_SCOPES;
use crate::refusal::Refusal;
use crate::scopes::{AskedFor, AskedResource, AskedScopes};
use crate::second_factor;

pub(crate) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    if let Some(answer) = attempt(request).await? {
        return Ok(answer);
    }
    // Another request used it at the same moment, where a token is good once: now it was replaced, and
    // can be used again for a moment.
    attempt(request).await?.ok_or_else(|| Refusal::new(aadsts::INVALID_GRANT))
}

/// Redeems the token; nothing if another request changed its family meanwhile.
async fn attempt(request: &TokenRequest<'_>) -> Result<Option<TokenAnswer>, Refusal> {
    let idp = request.idp;
    let presented = request.form.get("refresh_token").ok_or_else(|| Refusal::missing("refresh_token"))?;
    let token = SealedRefreshToken::open(&idp.chassis.sealer, presented)
        .map_err(|_| Refusal::new(aadsts::MALFORMED_GRANT))?;
    if token.tenant != request.tenant.id {
        return Err(Refusal::new(aadsts::INVALID_GRANT));
    }
    match (refresh_token_facts::class_of(&token), request.client.class()) {
        (ClientClass::Confidential, ClientClass::Public) => {
            return Err(Refusal::new(aadsts::CREDENTIAL_MISSING));
        }
        // A grant stays of the class it was made in.
        (ClientClass::Public, ClientClass::Confidential) => {
            return Err(Refusal::new(aadsts::CREDENTIAL_NOT_ALLOWED));
        }
        _ => {}
    }
    let user = idp.directory.user(token.tenant, token.user_id).await?;
    let asked = asked_now(request, asked_first(&token));
    let access = request
        .access(user.as_ref(), asked.as_ref().ok(), &request.claims.contexts, Some(token.auth_time))
        .await?;
    let client = &request.client.application;
    let presentation = Presentation {
        tenant: &request.tenant,
        token: &token,
        user: user.as_ref(),
        client: Some(client),
        access: &access,
        by_its_client: token.client_id == client.client_id,
        origin: request.page,
    };
    let (facts, rotation) = refresh_token_facts::gather(idp, &presentation).await?;
    let presented = Presented::RefreshToken(facts);
    let decision = Decision::on(presented, user.as_ref(), &request.tenant.rules, request.now);
    if let Some(refusal) = decision.refusal() {
        if decision.verdict.rule == Rule::UsedBefore
            && let Some(end) = rotation.end_family(&token, request.now)
        {
            idp.chassis.store.commit(Change::from(end)).await?;
        }
        return Err(second_factor::told(refusal, &request.tenant, &token.resource));
    }
    let Some(user) = user else { return Err(Refusal::new(aadsts::USER_NOT_FOUND)) };
    let resource = granted(request, user.id, asked?).await?;
    let grant = UserGrant {
        user: &user,
        amr: token.amr.clone(),
        auth_time: token.auth_time,
        session_id: token.session_id,
        nonce: None,
        address: token.address,
        contexts: request.claims.contexts.clone(),
        family: Family::Of(&token, &rotation),
        claims: request.claims.clone().after(&said_before(&token)),
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

/// What the client said of itself when the family was made.
fn said_before(token: &SealedRefreshToken) -> ClaimsRequest {
    ClaimsRequest { can_be_challenged: token.can_be_challenged, ..ClaimsRequest::default() }
}

/// What the family's first request asked for.
fn asked_first(token: &SealedRefreshToken) -> AskedScopes {
    let (oidc, named): (Vec<_>, Vec<_>) =
        token.scopes.iter().cloned().partition(|scope| OIDC_SCOPES.contains(&scope.as_str()));
    let scopes = match named.as_slice() {
        [default] if default == ".default" => AskedFor::Default,
        _ => AskedFor::Named(named.into_iter().collect()),
    };
    AskedScopes {
        oidc: oidc.into_iter().collect(),
        resources: vec![AskedResource { name: token.resource.clone(), scopes }],
    }
}
