//! Issues the code, and tokens in addition to it or instead of it.

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{ClaimsRequest, SealedToken, fingerprint};
use outlive_wire::Subject;
use outlive_wire::events::{CodeIssued, IssuedCode};
use serde_json::json;

use super::front_channel::front_channel_tokens;
use super::front_channel_logout::signed_in_to;
use super::request::{AuthorizeRequest, Prompt};
use super::signed_in::SignedIn;
use crate::protocol::refusal::Refusal;
use crate::token::AuthorizationCode;
use crate::visit::Visit;

/// Issues what `response_type` names to a signed-in user, and sends it to the client.
pub(crate) async fn issue(
    visit: &Visit,
    request: &AuthorizeRequest,
    signed_in: &SignedIn,
    now: Instant,
) -> Result<Response, Refusal> {
    let chassis = &visit.idp.chassis;
    let tenant = request.tenant.id;
    let SignedIn { user, session, .. } = signed_in;
    let mut change = Change::from(session.record_use(tenant, now));
    change.add(signed_in_to(tenant, session.id, request.application.client_id));
    let code = request.response_type.code.then(|| issue_code(visit, request, signed_in, now, &mut change));
    let tokens = front_channel_tokens(visit, request, signed_in, code.as_deref(), now, &mut change).await?;
    chassis.store.commit(change).await?;
    let mut answer: Vec<_> = code.map(|code| ("code", code)).into_iter().chain(tokens).collect();
    if request.client_info {
        let info = json!({"uid": user.id, "utid": tenant});
        answer.push(("client_info", URL_SAFE_NO_PAD.encode(info.to_string())));
    }
    if request.prompt == Prompt::AdminConsent {
        // Only reached after an administrator has consented.
        answer.push(("admin_consent", "True".to_owned()));
    }
    answer.push(("session_state", session.id.to_string()));
    Ok(request.reply_to.send(answer))
}

fn issue_code(
    visit: &Visit,
    request: &AuthorizeRequest,
    signed_in: &SignedIn,
    now: Instant,
    change: &mut Change,
) -> String {
    let chassis = &visit.idp.chassis;
    let tenant = request.tenant.id;
    let random = chassis.random.of(tenant);
    let SignedIn { user, session, .. } = signed_in;
    let code = AuthorizationCode {
        id: random.stream("authorization-code-id").uuid_at(now),
        tenant,
        client_id: request.application.client_id,
        user_id: user.id,
        session_id: session.id,
        amr: session.amr.clone(),
        auth_time: session.started_at,
        redirect_uri: request.redirect_uri.clone(),
        redirect_type: request.redirect_type,
        scopes: request.scopes.clone().into(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        address: Some(outlive_chassis::client_address(&visit.headers)),
        // The token endpoint checks the maximum age again.
        claims: ClaimsRequest { not_before: None, ..request.claims.clone() },
        generation: request.tenant.generation,
        issued_at: now,
    };
    let text =
        code.seal_in(tenant, request.tenant.keys.sealer(), &mut random.stream("authorization-code-nonce"));
    let issued = CodeIssued {
        client_id: code.client_id,
        client_name: request.application.name.clone(),
        upn: user.upn.clone(),
        session: session.id,
        amr: session.amr.clone(),
        redirect_type: code.redirect_type.name().to_owned(),
        redirect_uri: Some(code.redirect_uri.clone()),
        code: IssuedCode { id: code.id, fingerprint: Some(fingerprint(&text)) },
    };
    let event = Event::new(tenant, now, Subject::user(user.id), &visit.trace, issued);
    let event = event.about([code.id.to_string(), fingerprint(&text), session.id.to_string()]);
    change.append(chassis.journal.entry(&event));
    text
}
