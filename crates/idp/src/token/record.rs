//! What the journal learns of tokens: who, for what, from which parent, until when, and by which verdict. Never a token itself.

use outlive_clock::{ClientId, Instant, SessionId, Span, TenantId, UserId};
use outlive_journal::Event;
use outlive_rules::{Question, Verdict};
use outlive_store::Change;
use outlive_tokens::{SealedRefreshToken, SealedToken, fingerprint};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::endpoint::TokenRequest;
use super::issued::{IssuedAccessToken, IssuedRefreshToken};
use super::mint::{MintedAccessToken, UserGrant};
use super::resource_grant::ResourceGrant;
use crate::refusal::{Refusal, RequestDetails};
use crate::response_headers::age;
use crate::visit::Visit;

/// What is told of tokens for a user.
#[derive(Serialize)]
struct IssuedToUser<'a> {
    grant_type: &'static str,
    client_id: ClientId,
    client_name: &'a str,
    client_class: &'static str,
    user_id: UserId,
    upn: &'a str,
    family: Uuid,
    session: Option<SessionId>,
    amr: &'a [String],
    resource: &'a str,
    scope: String,
    access_token: IssuedAccessToken<'a>,
    refresh_token: Option<IssuedRefreshToken>,
    verdict: &'a Verdict,
    question: &'a Question,
}

/// Tokens were issued for a user.
pub(crate) fn issued_to_user(
    request: &TokenRequest<'_>,
    grant: &UserGrant<'_>,
    resource: &ResourceGrant,
    access_token: &MintedAccessToken,
    refresh_token: Option<&(SealedRefreshToken, String)>,
    change: &mut Change,
) {
    let mut about =
        vec![access_token.uti.clone(), access_token.fingerprint.clone(), grant.family.id().to_string()];
    if let Some((token, text)) = refresh_token {
        about.extend([token.token_id.to_string(), fingerprint(text)]);
        about.extend(token.parent_id.map(|parent| parent.to_string()));
    }
    let data = IssuedToUser {
        grant_type: grant.grant_type,
        client_id: request.client.application.client_id,
        client_name: &request.client.application.name,
        client_class: request.client.class().name(),
        user_id: grant.user.id,
        upn: &grant.user.upn,
        family: grant.family.id(),
        session: grant.session_id,
        amr: &grant.amr,
        resource: &resource.name,
        scope: resource.granted.names().join(" "),
        access_token: access_token.into(),
        refresh_token: refresh_token.map(|(token, text)| IssuedRefreshToken::of(token, text)),
        verdict: &grant.decision.verdict,
        question: &grant.decision.question,
    };
    add(request, format!("user:{}", grant.user.id), data, about, change);
}

/// A token was issued to an application for itself.
pub(crate) fn issued_to_app(
    request: &TokenRequest<'_>,
    access_token: &MintedAccessToken,
    roles: &[String],
    change: &mut Change,
) {
    let client = &request.client.application;
    let data = json!({
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_name": client.name,
        "client_class": request.client.class().name(),
        "resource": access_token.audience,
        "roles": roles,
        "access_token": IssuedAccessToken::from(access_token),
    });
    let about = vec![access_token.uti.clone(), access_token.fingerprint.clone()];
    add(request, format!("client:{}", client.client_id), data, about, change);
}

fn add(
    request: &TokenRequest<'_>,
    subject: String,
    data: impl Serialize,
    about: Vec<String>,
    change: &mut Change,
) {
    let event = Event::new(request.tenant.id, request.now, "token.issued", subject, request.trace)
        .with(data)
        .about(about);
    change.append(request.idp.chassis.journal.entry(&event));
}

/// A token request was refused. A refresh token that can be opened is named by its ids.
pub(crate) async fn refused(
    visit: &Visit,
    tenant: TenantId,
    refusal: &Refusal,
    asked: &RequestDetails,
) -> Result<(), Refusal> {
    let Visit { idp, parameters: form, trace, .. } = visit;
    let presented = form.get("refresh_token");
    let opened = presented.and_then(|text| SealedRefreshToken::open(&idp.chassis.sealer, text).ok());
    let opened = opened.filter(|token| token.tenant == tenant);
    let subject = match &opened {
        Some(token) => format!("user:{}", token.user_id),
        None => format!("client:{}", bounded(form.get("client_id").unwrap_or("unknown"))),
    };
    let about: Vec<_> = opened
        .iter()
        .flat_map(|token| [Some(token.token_id.to_string()), presented.map(fingerprint)])
        .flatten()
        .collect();
    let data = json!({
        "grant_type": form.get("grant_type").map(bounded),
        "client_id": form.get("client_id").map(bounded),
        "upn": form.get("username").map(bounded),
        "code": refusal.error,
        "error": refusal.error_name(),
        "suberror": refusal.error.suberror_str(),
        "description": refusal.error.render(&refusal.params),
        "refresh_token": opened.map(|token| json!({
            "id": token.token_id,
            "parent": token.parent_id,
            "family": token.family_id,
            "fingerprint": presented.map(fingerprint),
            "client_class": token.client_class,
            "password_based": token.password_based,
        })),
        "verdict": refusal.decision.as_ref().map(|decision| &decision.verdict),
        "question": refusal.decision.as_ref().map(|decision| &decision.question),
        "correlation_id": asked.correlation_id,
    });
    let event = Event::new(tenant, asked.at, "token.refused", subject, trace).with(data).about(about);
    Ok(idp.chassis.journal.append(&event).await?)
}

/// How old the refresh token is that was presented, if there is one and it can be opened.
pub(crate) fn presented_age(visit: &Visit, now: Instant) -> Option<Span> {
    let presented = visit.parameters.get("refresh_token")?;
    let token = SealedRefreshToken::open(&visit.idp.chassis.sealer, presented).ok()?;
    age(token.issued_at, now)
}

/// What a caller sent, as far as the journal keeps it.
fn bounded(text: &str) -> String {
    text.chars().take(100).collect()
}
