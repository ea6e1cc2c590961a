//! Mints ID tokens for the client of a request.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outlive_rules::lifetimes;
use outlive_tokens::claims::{IdTokenClaims, IdTokenInput};

use super::signed::sign;
use super::user_claims::{TokenKind, user_claims, user_facts};
use crate::directory::User;
use crate::protocol::refusal::Refusal;
use crate::token::grant::Authentication;
use crate::token::request::TokenRequest;

/// The hashes of the code and the access token that the same response contains.
#[derive(Debug, Default)]
pub(crate) struct Hashes {
    pub(crate) c_hash: Option<String>,
    pub(crate) at_hash: Option<String>,
}

/// Mints an ID token; `oidc` are the granted OpenID Connect scopes.
pub(crate) async fn mint(
    request: &TokenRequest<'_>,
    user: &User,
    authentication: &Authentication,
    oidc: &BTreeSet<String>,
    Hashes { c_hash, at_hash }: Hashes,
) -> Result<String, Refusal> {
    let (idp, tenant) = (request.idp, &request.tenant);
    let key = idp.keys.active(tenant).await?;
    let client = &request.client.application;
    let roles = idp.directory.user_roles(tenant.id, user.id, client.client_id).await?;
    let user_claims = user_claims(request, client, TokenKind::Id, user, oidc).await?;
    let mut user_claims = user_claims.with_ip_address(authentication.address);
    user_claims.optional.extend(authentication.claims.id_token.iter().cloned());
    // A hint for signing out: opaque to the client.
    let login_hint =
        user_claims.optional.contains("login_hint").then(|| STANDARD.encode(user.upn.as_bytes()));
    let lifetime = tenant.policies.access_token_lifetime(client.client_id).unwrap_or(lifetimes::ID_TOKEN);
    let claims = IdTokenClaims::build(&IdTokenInput {
        version: request.endpoint,
        origin: idp.issuer_origin(request.origin, request.endpoint),
        tenant: tenant.id,
        client: client.client_id,
        user: &user_facts(user),
        profile: oidc.contains("profile"),
        email: oidc.contains("email"),
        amr: &authentication.amr,
        roles: &roles,
        nonce: authentication.nonce.as_deref(),
        session: authentication.session_id.filter(|_| user_claims.optional.contains("sid")),
        auth_time: user_claims.optional.contains("auth_time").then_some(authentication.auth_time),
        login_hint: login_hint.as_deref(),
        c_hash,
        at_hash,
        issued_at: request.now,
        expires_at: request.now + lifetime,
        uti: idp.chassis.random.of(tenant.id).stream("id-token-uti").bytes(),
        pairwise: tenant.keys.pairwise(),
        user_claims,
    });
    Ok(sign(&key, request.endpoint, &claims, request.now))
}
