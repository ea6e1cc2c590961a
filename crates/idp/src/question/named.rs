//! The name of a credential: what the journal says of it, which is all that it says of itself.

use outlive_chassis::Problem;
use outlive_clock::{ClientId, SessionId, UserId};
use outlive_journal::{Filter, Line};
use outlive_rules::{AccessTokenFacts, Presented};
use outlive_tokens::{ClaimsRequest, RedirectType, SealedRefreshToken};
use serde::Deserialize;
use uuid::Uuid;

use super::pasted::of_session;
use super::{Asking, Found};
use crate::sessions;
use crate::spec::RedirectUriType;
use crate::token::{AuthorizationCode, CodeScopes, IssuedAccessToken, IssuedRefreshToken};

/// The part of a line about an issued token that is needed here.
#[derive(Deserialize)]
struct Issued {
    client_id: ClientId,
    user_id: Option<UserId>,
    family: Option<Uuid>,
    session: Option<SessionId>,
    #[serde(default)]
    amr: Vec<String>,
    access_token: IssuedAccessToken<'static>,
    refresh_token: Option<IssuedRefreshToken>,
}

/// The part of a line about an issued code that is needed here.
#[derive(Deserialize)]
struct IssuedCode {
    client_id: ClientId,
    session: SessionId,
    amr: Vec<String>,
    redirect_type: RedirectUriType,
    code: CodeNames,
}

#[derive(Deserialize)]
struct CodeNames {
    id: Uuid,
    fingerprint: String,
}

impl Asking<'_> {
    /// What the name names, if the journal knows it.
    pub(super) async fn named(&self, name: &str) -> Result<Option<Found>, Problem> {
        if let Ok(id) = name.parse::<SessionId>()
            && let Some(session) = sessions::by_id(&self.idp.chassis.store, self.tenant.id, id).await?
        {
            return Ok(Some(of_session(&session)));
        }
        // The line that issued it comes before those that use it; of a code, before those of its tokens.
        let filter = Filter { about: Some(name.to_owned()), limit: 3, ..Filter::of(self.tenant.id) };
        for line in self.idp.chassis.journal.read(&filter).await? {
            let found = match line.kind.as_str() {
                "token.issued" => self.token(&line, name).await?,
                "code.issued" => self.code(&line, name).await?,
                _ => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn token(&self, line: &Line, name: &str) -> Result<Option<Found>, Problem> {
        let Ok(issued) = Issued::deserialize(&line.data) else { return Ok(None) };
        if issued.access_token.uti == name || issued.access_token.fingerprint == name {
            return Ok(Some(Found {
                kind: "access_token",
                name: issued.access_token.uti.into_owned(),
                user: issued.user_id,
                client: Some(issued.client_id),
                session: issued.session.map(|id| id.to_string()),
                family: issued.family.map(|id| id.to_string()),
                presented: Presented::AccessToken(AccessTokenFacts {
                    valid_from: line.at,
                    expires_at: issued.access_token.expires_at,
                    evaluated: issued.access_token.evaluated,
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
                    redirect_type: if spa { RedirectType::Spa } else { RedirectType::None },
                    fixed_expires_at: token.fixed_expires_at,
                    resource: String::new(),
                    bare: false,
                    several: false,
                    scopes: Vec::new(),
                    session_id: issued.session,
                    address: None,
                    // It says nothing about the token's own fate.
                    can_be_challenged: false,
                    family_issued_at: token.family_issued_at,
                    issued_at: line.at,
                };
                self.of_refresh_token(&token).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn code(&self, line: &Line, name: &str) -> Result<Option<Found>, Problem> {
        let Ok(issued) = IssuedCode::deserialize(&line.data) else { return Ok(None) };
        let user = line.subject.strip_prefix("user:").and_then(|id| id.parse().ok());
        match user {
            Some(user_id) if issued.code.id.to_string() == name || issued.code.fingerprint == name => {
                let code = AuthorizationCode {
                    id: issued.code.id,
                    tenant: self.tenant.id,
                    client_id: issued.client_id,
                    user_id,
                    session_id: issued.session,
                    amr: issued.amr,
                    auth_time: line.at,
                    redirect_uri: String::new(),
                    redirect_type: issued.redirect_type,
                    scopes: CodeScopes { oidc: Vec::new(), resources: Vec::new(), defaults: Vec::new() },
                    code_challenge: None,
                    nonce: None,
                    address: None,
                    claims: ClaimsRequest::default(),
                    issued_at: line.at,
                };
                self.of_code(&code).await.map(Some)
            }
            _ => Ok(None),
        }
    }
}
