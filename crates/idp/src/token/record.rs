//! The journal events of the token endpoint. They name tokens by id and fingerprint only.

use outlive_clock::{TenantId, UserId};
use outlive_journal::Event;
use outlive_rules::scopes::GrantedScopes;
use outlive_store::{Change, StoreError};
use outlive_tokens::{SealedRefreshToken, fingerprint};
use outlive_wire::Subject;
use outlive_wire::events::{
    IssuedAccessToken, IssuedRefreshToken, PresentedRefreshToken, TokenIssued, TokenRefused,
};

use super::grant::Family;
use super::mint::access_token::AccessToken;
use super::mint::{Minted, MintedForApplication};
use super::request::TokenRequest;
use crate::protocol::refusal::{Refusal, RequestDetails};
use crate::visit::Visit;

/// What the journal shows in place of a grant type for tokens of managed identities.
pub(super) const MANAGED_IDENTITY: &str = "managed_identity";

/// Tokens that are in the journal. Only this module creates the value, and a response is built from
/// nothing else.
pub(super) struct Recorded<'a> {
    pub(super) request: &'a TokenRequest<'a>,
    pub(super) access_token: AccessToken,
    /// The content and the text.
    pub(super) refresh_token: Option<(SealedRefreshToken, String)>,
    pub(super) id_token: Option<String>,
    /// The requested identifier of the resource.
    pub(super) resource: String,
    /// The user and the granted scopes; `None` for an application.
    pub(super) user: Option<(UserId, GrantedScopes)>,
    _recorded: (),
}

impl<'a> Minted<'a> {
    /// Commits the journal event together with `change`. Conflicts if another request changed the
    /// same rows.
    pub(super) async fn record(self, mut change: Change) -> Result<Recorded<'a>, StoreError> {
        let Self { authorized, grant, access_token, refresh_token, id_token } = self;
        let (request, user, resource) = (authorized.request, authorized.user, authorized.resource);
        if let (Family::Of(used, rotation), Some((next, _))) = (&grant.family, &refresh_token) {
            rotation.replace(used, next, request.now, &mut change);
        }
        let issued_refresh_token =
            refresh_token.as_ref().map(|(token, text)| issued_refresh_token(token, text));
        let family = grant.family.id();
        let mut about = vec![access_token.uti.clone(), access_token.fingerprint.clone(), family.to_string()];
        if let Some(token) = &issued_refresh_token {
            about.extend([token.id.to_string(), token.fingerprint.clone()]);
            about.extend(token.parent.map(|parent| parent.to_string()));
        }
        let issued = TokenIssued {
            user_id: Some(user.id),
            upn: Some(user.upn),
            family: Some(family),
            session: grant.authentication.session_id,
            amr: grant.authentication.amr.clone(),
            scope: Some(resource.granted.names().join(" ")),
            refresh_token: issued_refresh_token,
            verdict: Some(authorized.decision.verdict),
            question: Some(authorized.decision.question),
            ..token_issued(request, grant.grant_type, &resource.name, &access_token)
        };
        append(request, Subject::user(user.id), issued, about, &mut change);
        request.idp.chassis.store.commit(change).await?;
        Ok(Recorded {
            request,
            access_token,
            refresh_token,
            id_token,
            resource: resource.name,
            user: Some((user.id, resource.granted)),
            _recorded: (),
        })
    }
}

impl<'a> MintedForApplication<'a> {
    /// Commits the journal event.
    pub(super) async fn record(self) -> Result<Recorded<'a>, StoreError> {
        let Self { authorized, access_token } = self;
        let request = authorized.request;
        let is_identity = request.client.application.document.managed_identity.is_some();
        let grant_type = if is_identity { MANAGED_IDENTITY } else { "client_credentials" };
        let issued = TokenIssued {
            roles: Some(authorized.roles),
            ..token_issued(request, grant_type, &access_token.audience, &access_token)
        };
        let about = vec![access_token.uti.clone(), access_token.fingerprint.clone()];
        let mut change = Change::new();
        let client = request.client.application.client_id;
        append(request, Subject::client(client), issued, about, &mut change);
        request.idp.chassis.store.commit(change).await?;
        let resource = authorized.resource.audience().to_owned();
        let (refresh_token, id_token) = (None, None);
        Ok(Recorded { request, access_token, refresh_token, id_token, resource, user: None, _recorded: () })
    }
}

/// Returns the event of an access token, without what only a user's has.
pub(crate) fn token_issued(
    request: &TokenRequest<'_>,
    grant_type: &str,
    resource: &str,
    access_token: &AccessToken,
) -> TokenIssued {
    let client = &request.client.application;
    TokenIssued {
        grant_type: grant_type.to_owned(),
        client_id: client.client_id,
        client_name: client.name.clone(),
        client_class: request.client.class(),
        user_id: None,
        upn: None,
        family: None,
        session: None,
        amr: Vec::new(),
        resource: resource.to_owned(),
        scope: None,
        roles: None,
        access_token: IssuedAccessToken {
            uti: access_token.uti.clone(),
            fingerprint: access_token.fingerprint.clone(),
            expires_at: access_token.expires_at,
            evaluated: Some(access_token.evaluated),
        },
        refresh_token: None,
        verdict: None,
        question: None,
        correlation_id: request.trace.client_request_id,
    }
}

fn append(
    request: &TokenRequest<'_>,
    subject: Subject,
    issued: TokenIssued,
    about: Vec<String>,
    change: &mut Change,
) {
    let event = Event::new(request.tenant.id, request.now, subject, request.trace, issued);
    change.append(request.idp.chassis.journal.entry(&event.about(about)));
}

fn issued_refresh_token(token: &SealedRefreshToken, text: &str) -> IssuedRefreshToken {
    IssuedRefreshToken {
        id: token.token_id,
        parent: token.parent_id,
        family: token.family_id,
        fingerprint: fingerprint(text),
        client_class: token.client_class,
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
    presented: Option<&SealedRefreshToken>,
) -> Result<(), Refusal> {
    let Visit { idp, parameters: form, trace, .. } = visit;
    let presented = presented.filter(|token| token.tenant == tenant);
    let subject = match presented {
        Some(token) => Subject::user(token.user_id),
        None => Subject::client(truncated(form.get("client_id").unwrap_or("unknown"))),
    };
    let refresh_token = presented.map(|token| PresentedRefreshToken {
        id: token.token_id,
        parent: token.parent_id,
        family: token.family_id,
        fingerprint: form.get("refresh_token").map(fingerprint),
        client_class: token.client_class,
        password_based: token.password_based,
    });
    let about: Vec<_> = refresh_token
        .iter()
        .flat_map(|token| {
            [Some(token.id.to_string()), Some(token.family.to_string()), token.fingerprint.clone()]
        })
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

/// Returns a parameter of the request, limited to what the journal keeps.
pub(super) fn truncated(text: &str) -> String {
    text.chars().take(100).collect()
}
