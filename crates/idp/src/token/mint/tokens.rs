//! Mints the tokens of an authorized request. Refresh tokens are sealed, not stored.

use outlive_rules::{lifetimes, password_based};
use outlive_tokens::{SealedRefreshToken, SealedToken};

use super::access_token::{self, AccessToken};
use super::id_token::{self, Hashes};
use crate::directory::spec::RedirectUriType;
use crate::protocol::refusal::Refusal;
use crate::token::grant::{Family, Grant};
use crate::token::pipeline::{Authorized, AuthorizedApplication};

/// The tokens of a user, before they are recorded.
pub(in crate::token) struct Minted<'a> {
    pub(in crate::token) authorized: Authorized<'a>,
    pub(in crate::token) grant: &'a Grant<'a>,
    pub(in crate::token) access_token: AccessToken,
    /// The content and the text.
    pub(in crate::token) refresh_token: Option<(SealedRefreshToken, String)>,
    pub(in crate::token) id_token: Option<String>,
}

impl<'a> Authorized<'a> {
    /// Mints the tokens that the scopes ask for.
    pub(in crate::token) async fn mint(self, grant: &'a Grant<'a>) -> Result<Minted<'a>, Refusal> {
        let Self { request, user, resource, .. } = &self;
        let authentication = &grant.authentication;
        let access_token = access_token::for_user(request, user, authentication, resource).await?;
        let refresh_token = resource.request.is_offline().then(|| refresh_token(&self, grant));
        let oidc = resource.oidc();
        let id_token = if oidc.contains("openid") {
            Some(id_token::mint(request, user, authentication, oidc, Hashes::default()).await?)
        } else {
            None
        };
        Ok(Minted { access_token, refresh_token, id_token, grant, authorized: self })
    }
}

/// Mints the next refresh token of the grant's family: its content, and its text.
fn refresh_token(authorized: &Authorized<'_>, grant: &Grant<'_>) -> (SealedRefreshToken, String) {
    let Authorized { request, user, resource, .. } = authorized;
    let random = request.idp.chassis.random.of(request.tenant.id);
    let new_id = || random.stream("refresh-token-id").uuid_at(request.now);
    let authentication = &grant.authentication;
    let can_be_challenged = authentication.claims.can_be_challenged;
    let generation = request.tenant.generation;
    let token = match &grant.family {
        Family::Of(parent, rotation) => {
            let token_id = rotation.successor(request.now).unwrap_or_else(new_id);
            SealedRefreshToken { can_be_challenged, generation, ..parent.child(token_id, request.now) }
        }
        Family::New { id, redirect_type } => SealedRefreshToken {
            token_id: new_id(),
            parent_id: None,
            family_id: *id,
            client_id: request.client.application.client_id,
            user_id: user.id,
            tenant: request.tenant.id,
            client_class: request.client.class(),
            password_based: password_based(&authentication.amr),
            amr: authentication.amr.clone(),
            auth_time: authentication.auth_time,
            redirect_type: *redirect_type,
            fixed_expires_at: (*redirect_type == Some(RedirectUriType::Spa))
                .then(|| lifetimes::end_of_spa_family(request.now)),
            resource: resource.name.clone(),
            bare: resource.granted.forms().first().is_some_and(|form| form.identifier.is_none()),
            several: resource.several,
            scopes: resource.request.kept(resource.granted.forms()),
            session_id: authentication.session_id,
            address: authentication.address,
            can_be_challenged,
            generation,
            family_issued_at: request.now,
            issued_at: request.now,
        },
    };
    let tenant = &request.tenant;
    let text = token.seal_in(tenant.id, tenant.keys.sealer(), &mut random.stream("refresh-token-nonce"));
    (token, text)
}

/// The token of an application, before it is recorded.
pub(in crate::token) struct MintedForApplication<'a> {
    pub(in crate::token) authorized: AuthorizedApplication<'a>,
    pub(in crate::token) access_token: AccessToken,
}

impl<'a> AuthorizedApplication<'a> {
    pub(in crate::token) async fn mint(self) -> Result<MintedForApplication<'a>, Refusal> {
        let Self { request, resource, roles, .. } = &self;
        let access_token = access_token::for_application(request, resource, roles.clone()).await?;
        Ok(MintedForApplication { access_token, authorized: self })
    }
}
