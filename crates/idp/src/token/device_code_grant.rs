//! `grant_type=urn:ietf:params:oauth:grant-type:device_code`, or `device_code` for short (RFC 8628,
//! section 3.4): the device polls until the user has decided. The tokens belong to the session of
//! the user who approved.

use std::collections::BTreeSet;

use outlive_rules::scopes::{RequestedResource, ScopeRequest};
use outlive_rules::{DeviceCodeFacts, Presented, SecondFactorFacts, aadsts, password_based};
use outlive_store::Change;
use outlive_tokens::{RedirectType, SealedToken};

use super::device_code::{SealedDeviceCode, find, mark_redeemed};
use super::endpoint::TokenRequest;
use super::mint::{Family, UserGrant, mint_for_user};
use super::resource_grant::{Several, at_redemption, resolve_grant};
use super::response::TokenAnswer;
use crate::access::conditional_access::NO_CONTEXTS;
use crate::access::second_factor;
use crate::directory::User;
use crate::directory::platform::GRAPH_URI;
use crate::protocol::decision::Decision;
use crate::protocol::refusal::Refusal;

pub(crate) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let idp = request.idp;
    // Clients of v1.0 send it as code.
    let presented = request.form.get("device_code").or_else(|| request.form.get("code"));
    let presented = presented.ok_or_else(|| Refusal::missing("device_code"))?;
    let unknown = || Refusal::new(aadsts::DEVICE_CODE_UNKNOWN);
    let sealed = SealedDeviceCode::open(&idp.chassis.sealer, presented).map_err(|_| unknown())?;
    if sealed.tenant != request.tenant.id {
        return Err(unknown());
    }
    let code = find(&idp.chassis.store, sealed.tenant, sealed.id).await?.ok_or_else(unknown)?;
    let user = match &code.approval {
        Some(approval) => idp.directory.user(code.tenant, approval.user_id).await?,
        None => None,
    };
    let amr = code.approval.as_ref().map(|approval| approval.amr.clone()).unwrap_or_default();
    let authorized: ScopeRequest = code.asked.clone().into();
    let access = request.access(user.as_ref(), Some(&authorized), &NO_CONTEXTS, None).await?;
    let facts = DeviceCodeFacts {
        issued_at: code.issued_at,
        redeemed_at: code.redeemed_at,
        decision: code.decision,
        client_class: request.client.class(),
        password_based: password_based(&amr),
        presented_by_its_client: code.client_id == request.client.application.client_id,
        second_factor: user.as_ref().map_or_else(SecondFactorFacts::default, |user| {
            access.also(second_factor::facts(&request.tenant, user, Some(&request.client.application), &amr))
        }),
        conditional_access: access.facts.clone(),
    };
    let presented = Presented::DeviceCode(facts);
    let decision =
        Decision::on(presented, user.as_ref().map(User::facts), &request.tenant.rules, request.now);
    if let Some(refusal) = Refusal::of_decision(&decision) {
        let resource = authorized.resources.first().map_or(GRAPH_URI, RequestedResource::audience);
        return Err(second_factor::complete(refusal, &idp.directory, &request.tenant, resource).await?);
    }
    let (Some(approval), Some(user)) = (&code.approval, user) else { return Err(unknown()) };
    let wanted = at_redemption(request, authorized, Several::Named)?;
    let resource = resolve_grant(request, user.id, wanted).await?;
    let random = idp.chassis.random.of(code.tenant);
    let grant = UserGrant {
        user: &user,
        amr,
        auth_time: approval.auth_time,
        session_id: Some(approval.session_id),
        nonce: None,
        address: None,
        contexts: BTreeSet::new(),
        family: Family::New {
            id: random.stream("refresh-token-family").uuid_at(request.now),
            redirect_type: RedirectType::None,
        },
        claims: request.claims.clone(),
        decision: &decision,
        grant_type: "device_code",
    };
    let mut change = Change::from(mark_redeemed(&code, request.now));
    let answer = mint_for_user(request, grant, resource, &mut change).await?;
    match idp.chassis.store.commit(change).await {
        Ok(()) => Ok(answer),
        Err(error) if error.is_conflict() => Err(Refusal::new(aadsts::CODE_REDEEMED)),
        Err(error) => Err(error.into()),
    }
}
