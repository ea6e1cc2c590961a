//! `grant_type=urn:ietf:params:oauth:grant-type:device_code`, or `device_code` for short (RFC 8628,
//! section 3.4): the device polls until the user has decided. The tokens belong to the session of
//! the user who approved.

use outlive_rules::scopes::ScopeRequest;
use outlive_rules::{DeviceCodeFacts, Presented, aadsts, password_based};
use outlive_store::Change;

use crate::access::conditional_access::NO_CONTEXTS;
use crate::directory::platform::GRAPH_URI;
use crate::protocol::refusal::Refusal;
use crate::token::device_code::{SealedDeviceCode, find, mark_redeemed};
use crate::token::grant::{Authentication, Family, Grant};
use crate::token::request::TokenRequest;
use crate::token::resource_grant::{Several, at_redemption};
use crate::token::response::TokenAnswer;

pub(in crate::token) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let chassis = &request.idp.chassis;
    // Clients of v1.0 send it as code.
    let presented = request.form.get("device_code").or_else(|| request.form.get("code"));
    let presented = presented.ok_or_else(|| Refusal::missing("device_code"))?;
    let unknown = || Refusal::new(aadsts::DEVICE_CODE_UNKNOWN);
    let sealed = request.idp.open_grant::<SealedDeviceCode>(&request.tenant, presented).await?;
    let sealed = sealed.ok_or_else(unknown)?;
    if sealed.tenant != request.tenant.id {
        return Err(unknown());
    }
    let code = find(&chassis.store, sealed.tenant, sealed.id).await?.ok_or_else(unknown)?;
    let user = match &code.approval {
        Some(approval) => request.idp.directory.user(code.tenant, approval.user_id).await?,
        None => None,
    };
    let amr = code.approval.as_ref().map(|approval| approval.amr.clone()).unwrap_or_default();
    let asked: ScopeRequest = code.asked.clone().into();
    let wanted = at_redemption(request, asked.clone(), Several::Named);
    let checked = request
        .with_scopes(Some(asked), GRAPH_URI, wanted)
        .with_user(user)
        .with_access(&NO_CONTEXTS, None)
        .await?;
    let facts = DeviceCodeFacts {
        issued_at: code.issued_at,
        redeemed_at: code.redeemed_at,
        decision: code.decision,
        client_class: request.client.class(),
        password_based: password_based(&amr),
        presented_by_its_client: code.client_id == request.client.application.client_id,
        second_factor: checked.second_factor(&amr),
        conditional_access: checked.access().facts.clone(),
    };
    let accepted = checked.decide(Presented::DeviceCode(facts)).await?;
    let approval = code.approval.as_ref().ok_or_else(unknown)?;
    let authorized = accepted.authorize().await?;
    let grant = Grant {
        grant_type: "device_code",
        authentication: Authentication {
            session_id: Some(approval.session_id),
            ..Authentication::new(amr, approval.auth_time, &request.claims)
        },
        family: Family::without_redirect(request),
    };
    let minted = authorized.mint(&grant).await?;
    match minted.record(Change::from(mark_redeemed(&code, request.now))).await {
        Ok(recorded) => Ok(TokenAnswer::of(recorded)),
        Err(error) if error.is_conflict() => Err(Refusal::new(aadsts::CODE_REDEEMED)),
        Err(error) => Err(error.into()),
    }
}
