//! The journal events of the token endpoint. They name tokens by id and fingerprint only.

use outlive_clock::{Instant, Span, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::{SealedRefreshToken, SealedToken, fingerprint};
use outlive_wire::Subject;
use outlive_wire::events::{
    IssuedAccessToken, IssuedRefreshToken, PresentedRefreshToken, TokenIssued, TokenRefused,
};

use super::endpoint::TokenRequest;
use super::mint::{MintedAccessToken, UserGrant};
use super::refresh_token_facts::class_of;
use super::resource_grant::ResourceGrant;
use crate::protocol::refusal::{Refusal, RequestDetails};
use crate::protocol::response_headers::age;
use crate::visit::Visit;

/// Records that tokens were issued for a user.
pub(crate) fn issued_to_user(
    request: &TokenRequest<'_>,
    grant: &UserGrant<'_>,
    resource: &ResourceGrant,
    access_token: &MintedAccessToken,
    refresh_token: Option<&(SealedRefreshToken, String)>,
    change: &mut Change,
) {
    let refresh_token = refresh_token.map(|(token, text)| issued_refresh_token(token, text));
    let mut about =
        vec![access_token.uti.clone(), access_token.fingerprint.clone(), grant.family.id().to_string()];
    if let Some(token) = &refresh_token {
        about.extend([token.id.to_string(), token.fingerprint.clone()]);
        about.extend(token.parent.map(|parent| parent.to_string()));
    }
    let issued = TokenIssued {
        grant_type: grant.grant_type.to_owned(),
        client_id: request.client.application.client_id,
        client_name: request.client.application.name.clone(),
        client_class: request.client.class(),
        user_id: Some(grant.user.id),
        upn: Some(grant.user.upn.clone()),
        family: Some(grant.family.id()),
        session: grant.session_id,
        amr: grant.amr.clone(),
        resource: resource.name.clone(),
        scope: Some(resource.granted.names().join(" ")),
        roles: None,
        access_token: issued_access_token(access_token),
        refresh_token,
        verdict: Some(grant.decision.verdict.clone()),
        question: Some(grant.decision.question.clone()),
    };
    record(request, Subject::user(grant.user.id), issued, about, change);
}

/// Records that a token was issued to an application for itself.
pub(crate) fn issued_to_app(
    request: &TokenRequest<'_>,
    access_token: &MintedAccessToken,
    roles: &[String],
    change: &mut Change,
) {
    let client = &request.client.application;
    let issued = TokenIssued {
        grant_type: "client_credentials".to_owned(),
        client_id: client.client_id,
        client_name: client.name.clone(),
        client_class: request.client.class(),
        user_id: None,
        upn: None,
        family: None,
        session: None,
        amr: Vec::new(),
        resource: access_token.audience.clone(),
        scope: None,
        roles: Some(roles.to_owned()),
        access_token: issued_access_token(access_token),
        refresh_token: None,
        verdict: None,
        question: None,
    };
    let about = vec![access_token.uti.clone(), access_token.fingerprint.clone()];
    record(request, Subject::client(client.client_id), issued, about, change);
}

fn record(
    request: &TokenRequest<'_>,
    subject: Subject,
    issued: TokenIssued,
    about: Vec<String>,
    change: &mut Change,
) {
    let event = Event::new(request.tenant.id, request.now, subject, request.trace, issued);
    change.append(request.idp.chassis.journal.entry(&event.about(about)));
}

fn issued_access_token(token: &MintedAccessToken) -> IssuedAccessToken {
    IssuedAccessToken {
        uti: token.uti.clone(),
        fingerprint: token.fingerprint.clone(),
        expires_at: token.expires_at,
        evaluated: Some(token.evaluated),
    }
}

fn issued_refresh_token(token: &SealedRefreshToken, text: &str) -> IssuedRefreshToken {
    IssuedRefreshToken {
        id: token.token_id,
        parent: token.parent_id,
        family: token.family_id,
        fingerprint: fingerprint(text),
        client_class: class_of(token),
        password_based: token.password_based,
        session: token.session_id,
        family_issued_at: token.family_issued_at,
        fixed_expires_at: token.fixed_expires_at,
    }
}

/// Records that a token request was refused. A refresh token is named by its ids if it can be read.
pub(crate) async fn record_refusal(
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
        Some(token) => Subject::user(token.user_id),
        None => Subject::client(truncated(form.get("client_id").unwrap_or("unknown"))),
    };
    let refresh_token = opened.map(|token| PresentedRefreshToken {
        id: token.token_id,
        parent: token.parent_id,
        family: token.family_id,
        fingerprint: presented.map(fingerprint),
        client_class: class_of(&token),
        password_based: token.password_based,
    });
    let about: Vec<_> = refresh_token
        .iter()
        .flat_map(|token| [Some(token.id.to_string()), token.fingerprint.clone()])
        .flatten()
        .collect();
    let (question, verdict) = refusal
        .decision
        .as_deref()
        .map(|decision| (decision.question.clone(), decision.verdict.clone()))
        .unzip();
    let refused = TokenRefused {
        grant_type: form.get("grant_type").map(truncated),
        client_id: form.get("client_id").map(truncated),
        upn: form.get("username").map(truncated),
        code: refusal.error,
        error: refusal.error_name().to_owned(),
        suberror: refusal.error.suberror_str().map(str::to_owned),
        description: refusal.error.render(&refusal.params),
        refresh_token,
        verdict,
        question,
        correlation_id: Some(asked.correlation_id),
    };
    let event = Event::new(tenant, asked.at, subject, trace, refused).about(about);
    Ok(idp.chassis.journal.append(&event).await?)
}

/// The age of the presented refresh token, if there is one that can be decrypted.
pub(crate) fn presented_age(visit: &Visit, now: Instant) -> Option<Span> {
    let presented = visit.parameters.get("refresh_token")?;
    let token = SealedRefreshToken::open(&visit.idp.chassis.sealer, presented).ok()?;
    age(token.issued_at, now)
}

/// A parameter of the request, limited to what the journal keeps.
fn truncated(text: &str) -> String {
    text.chars().take(100).collect()
}
