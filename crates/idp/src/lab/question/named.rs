//! Credentials by name: the facts are those of the journal event that recorded their issuance.

use outlive_chassis::Problem;
use outlive_clock::{Instant, SessionId};
use outlive_journal::Filter;
use outlive_rules::{AccessTokenFacts, Presented};
use outlive_tokens::{ClaimsRequest, SealedRefreshToken};
use outlive_wire::events::{CodeIssued, IssuedCode, TokenIssued};
use outlive_wire::{JournalEvent, Subject};

use super::pasted::of_session;
use super::{Asking, Found};
use crate::directory::sessions;
use crate::directory::spec::RedirectUriType;
use crate::token::{AuthorizationCode, CodeScopes};

impl Asking<'_> {
    /// Finds the credential with this name in the journal.
    pub(super) async fn find_by_name(&self, name: &str) -> Result<Option<Found>, Problem> {
        if let Ok(id) = name.parse::<SessionId>()
            && let Some(session) = sessions::by_id(&self.idp.chassis.store, self.tenant.id, id).await?
        {
            return Ok(Some(of_session(&session)));
        }
        // The event that records the issuance precedes those of its use.
        let filter = Filter { about: Some(name.to_owned()), limit: 3, ..Filter::of(self.tenant.id) };
        for line in self.idp.chassis.journal.read(&filter).await? {
            let found = match line.event() {
                Ok(JournalEvent::TokenIssued(issued)) => self.token(*issued, line.at, name).await?,
                Ok(JournalEvent::CodeIssued(issued)) => {
                    self.code(*issued, &line.subject, line.at, name).await?
                }
                // Another event about it, or one that another version of the program recorded.
                Ok(_) | Err(_) => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn token(
        &self,
        issued: TokenIssued,
        issued_at: Instant,
        name: &str,
    ) -> Result<Option<Found>, Problem> {
        if issued.access_token.uti == name || issued.access_token.fingerprint == name {
            return Ok(Some(Found {
                kind: "access_token",
                name: issued.access_token.uti,
                user: issued.user_id,
                client: Some(issued.client_id),
                session: issued.session.map(|id| id.to_string()),
                family: issued.family.map(|id| id.to_string()),
                presented: Presented::AccessToken(AccessTokenFacts {
                    valid_from: issued_at,
                    expires_at: issued.access_token.expires_at,
                    evaluated: issued.access_token.evaluated.unwrap_or_default(),
                }),
            }));
        }
        match (issued.refresh_token, issued.user_id) {
            (Some(token), Some(user_id)) if token.id.to_string() == name || token.fingerprint == name => {
                let spa = token.fixed_expires_at.is_some();
                let token = SealedRefreshToken {
                    token_id: token.id,
                    parent_id: token.parent,
                    family_id: token.family,
                    client_id: issued.client_id,
                    user_id,
                    tenant: self.tenant.id,
                    client_class: token.client_class,
                    password_based: token.password_based,
                    amr: issued.amr,
                    auth_time: token.family_issued_at,
                    redirect_type: spa.then_some(RedirectUriType::Spa),
                    fixed_expires_at: token.fixed_expires_at,
                    resource: String::new(),
                    bare: false,
                    several: false,
                    scopes: Vec::new(),
                    session_id: issued.session,
                    address: None,
                    // Irrelevant to whether the token itself is valid.
                    can_be_challenged: false,
                    generation: self.tenant.generation,
                    family_issued_at: token.family_issued_at,
                    issued_at,
                };
                self.of_refresh_token(&token).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn code(
        &self,
        issued: CodeIssued,
        subject: &str,
        issued_at: Instant,
        name: &str,
    ) -> Result<Option<Found>, Problem> {
        let user = subject.parse::<Subject>().ok().and_then(|subject| subject.id.parse().ok());
        let redirect_type = RedirectUriType::of_name(&issued.redirect_type);
        let IssuedCode { id, fingerprint } = issued.code;
        match user.zip(redirect_type) {
            Some((user_id, redirect_type))
                if id.to_string() == name || fingerprint.as_deref() == Some(name) =>
            {
                let code = AuthorizationCode {
                    id,
                    tenant: self.tenant.id,
                    client_id: issued.client_id,
                    user_id,
                    session_id: issued.session,
                    amr: issued.amr,
                    auth_time: issued_at,
                    redirect_uri: String::new(),
                    redirect_type,
                    scopes: CodeScopes { oidc: Vec::new(), resources: Vec::new(), defaults: Vec::new() },
                    code_challenge: None,
                    nonce: None,
                    address: None,
                    claims: ClaimsRequest::default(),
                    generation: self.tenant.generation,
                    issued_at,
                };
                self.of_code(&code).await.map(Some)
            }
            _ => Ok(None),
        }
    }
}
