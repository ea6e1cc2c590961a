//! Gathers the facts of a refresh token for the rules, at redemption and when explaining a verdict.

use outlive_rules::{ClientClass, RefreshTokenFacts, RequestOrigin, SecondFactorFacts};
use outlive_store::StoreError;
use outlive_tokens::SealedRefreshToken;

use super::rotation::{self, Rotation};
use crate::access::conditional_access::Access;
use crate::access::second_factor;
use crate::directory::{Application, Tenant, User};
use crate::idp::Idp;

/// A presented refresh token and its context.
pub(crate) struct Presentation<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) token: &'a SealedRefreshToken,
    pub(crate) user: Option<&'a User>,
    pub(crate) client: Option<&'a Application>,
    pub(crate) access: &'a Access,
    /// Whether the presenting client is the one it was issued to.
    pub(crate) by_its_client: bool,
    /// The page that sent the request, if a browser did.
    pub(crate) origin: RequestOrigin,
}

/// Returns the facts, and the effect on the family where refresh tokens rotate.
pub(crate) async fn gather(
    idp: &Idp,
    presented: &Presentation<'_>,
) -> Result<(RefreshTokenFacts, Rotation), StoreError> {
    let Presentation { tenant, token, user, client, access, by_its_client, origin } = *presented;
    let session_signed_out_at = match token.session_id {
        Some(session) => idp.directory.signed_out_at(tenant.id, session).await?,
        None => None,
    };
    let rotation = rotation::look_up(&idp.chassis, &tenant.rules, token).await?;
    let facts = RefreshTokenFacts {
        client_class: class_of(token),
        password_based: token.password_based,
        spa: token.is_spa(),
        family_issued_at: token.family_issued_at,
        issued_at: token.issued_at,
        session_signed_out_at,
        presented_by_its_client: by_its_client,
        origin,
        second_factor: user.map_or_else(SecondFactorFacts::default, |user| {
            access.also(second_factor::facts(tenant, user, client, &token.amr))
        }),
        rotation: rotation.facts.clone(),
        conditional_access: access.facts.clone(),
    };
    Ok((facts, rotation))
}

/// Returns the client class when the token's family was minted.
pub(crate) const fn class_of(token: &SealedRefreshToken) -> ClientClass {
    match token.client_class {
        outlive_tokens::ClientClass::Public => ClientClass::Public,
        outlive_tokens::ClientClass::Confidential => ClientClass::Confidential,
    }
}
