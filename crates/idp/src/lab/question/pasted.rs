//! Credentials by value.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_chassis::Problem;
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::scopes::ScopeRequest;
use outlive_rules::{ClientClass, CodeFacts, Presented, ProofKey, RequestOrigin, password_based};
use outlive_tokens::{SealedRefreshToken, SealedToken};
use serde::Deserialize;

use super::{Asking, Found};
use crate::access::conditional_access;
use crate::directory::sessions::{self, Browser, Session};
use crate::directory::spec::RedirectUriType;
use crate::token::AuthorizationCode;
use crate::token::refresh_token::{Presentation, gather};

impl Asking<'_> {
    /// Returns the credential of this tenant that the text is.
    pub(super) async fn find_by_text(&self, text: &str) -> Result<Option<Found>, Problem> {
        let (idp, tenant) = (self.idp, self.tenant.id);
        if let Ok(token) = SealedRefreshToken::open(self.tenant.keys.sealer(), text)
            && token.tenant == tenant
            && self.tenant.knows(token.generation)
        {
            return self.of_refresh_token(&token).await.map(Some);
        }
        if let Ok(code) = AuthorizationCode::open(self.tenant.keys.sealer(), text)
            && code.tenant == tenant
            && self.tenant.knows(code.generation)
        {
            return self.of_code(&code).await.map(Some);
        }
        if let Some(uti) = uti_of(text) {
            return self.find_by_name(&uti).await;
        }
        let secret = text.rsplit_once('=').map_or(text, |(_, value)| value);
        match Browser::of_secret(secret) {
            Some(browser) => {
                let sessions = sessions::of_browser(&idp.chassis.store, tenant, &browser).await?;
                Ok(sessions.first().map(of_session))
            }
            None => Ok(None),
        }
    }

    pub(super) async fn of_refresh_token(&self, token: &SealedRefreshToken) -> Result<Found, Problem> {
        let directory = &self.idp.directory;
        let user = self.user(token.user_id).await?;
        let application = directory.application(self.tenant.id, token.client_id).await?;
        let asked = ScopeRequest::of_resource(&token.resource);
        let access = conditional_access::AccessContext {
            tenant: self.tenant,
            user: user.as_ref(),
            client: application.as_ref(),
            asked: Some(&asked),
            contexts: &conditional_access::NO_CONTEXTS,
            address: outlive_chassis::HERE,
            authenticated_at: Some(token.auth_time),
            request: None,
        };
        let access = self.idp.access(&access).await?;
        // As if the client presented it to which it was issued.
        let presentation = Presentation {
            tenant: self.tenant,
            token,
            user: user.as_ref(),
            client: application.as_ref(),
            access: &access,
            by_its_client: true,
            origin: if token.is_spa() { RequestOrigin::Registered } else { RequestOrigin::None },
        };
        let (facts, _) = gather(self.idp, &presentation).await?;
        Ok(Found {
            kind: "refresh_token",
            name: token.token_id.to_string(),
            user: Some(token.user_id),
            client: Some(token.client_id),
            session: token.session_id.map(|id| id.to_string()),
            family: Some(token.family_id.to_string()),
            presented: Presented::RefreshToken(facts),
        })
    }

    pub(super) async fn of_code(&self, code: &AuthorizationCode) -> Result<Found, Problem> {
        let spa = code.redirect_type == RedirectUriType::Spa;
        let facts = CodeFacts {
            issued_at: code.issued_at,
            redeemed_at: code.redeemed_at(&self.idp.chassis.store).await?,
            client_class: ClientClass::of_request(code.redirect_type == RedirectUriType::Web),
            password_based: password_based(&code.amr),
            spa,
            // As if the client presented it to which it was issued.
            presented_by_its_client: true,
            origin: if spa { RequestOrigin::Registered } else { RequestOrigin::None },
            proof_key: ProofKey::Proven,
            conditional_access: AccessFacts::default(),
        };
        Ok(Found {
            kind: "code",
            name: code.id.to_string(),
            user: Some(code.user_id),
            client: Some(code.client_id),
            session: Some(code.session_id.to_string()),
            family: Some(code.id.to_string()),
            presented: Presented::Code(facts),
        })
    }
}

pub(super) fn of_session(session: &Session) -> Found {
    Found {
        kind: "cookie",
        name: session.id.to_string(),
        user: Some(session.user_id),
        client: None,
        session: Some(session.id.to_string()),
        family: None,
        presented: Presented::Cookie(session.facts()),
    }
}

/// The `uti` of an access or ID token. The token is not verified: the `uti` only selects an event
/// of our own journal.
fn uti_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        uti: String,
    }
    let mut parts = text.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Claims>(&payload).ok().map(|claims| claims.uti)
}
