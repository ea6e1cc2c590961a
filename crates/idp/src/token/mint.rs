//! Minting of access, ID and refresh tokens.

use std::collections::BTreeSet;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use outlive_clock::{Instant, SessionId};
use outlive_rules::{ClientClass, aadsts, lifetimes};
use outlive_store::Change;
use outlive_tokens::claims::{
    AccessSubject, AccessTokenClaims, AccessTokenInput, IdTokenClaims, IdTokenInput, UserClaims, UserFacts,
    uti,
};
use outlive_tokens::{
    ClaimsRequest, RedirectType, SealedRefreshToken, SealedToken, TokenVersion, fingerprint, sign_rs256,
};
use uuid::Uuid;

use super::endpoint::TokenRequest;
use super::evaluation::{capabilities, is_cae_enabled, lifetime};
use super::lifetime::id_token_lifetime;
use super::record;
use super::resource_grant::ResourceGrant;
use super::response::TokenAnswer;
use super::rotation::Rotation;
use super::user_claims::{self, TokenKind, user_claims};
use crate::directory::platform::GRAPH;
use crate::directory::{Application, User};
use crate::protocol::decision::Decision;
use crate::protocol::refusal::Refusal;

/// The family of a new refresh token.
pub(crate) enum Family<'a> {
    /// A new family.
    New { id: Uuid, redirect_type: RedirectType },
    /// The family of this token, which stays valid.
    Of(&'a SealedRefreshToken, &'a Rotation),
}

impl Family<'_> {
    /// Returns the id that all tokens of one grant share; for an authorization code, the code's id.
    pub(crate) const fn id(&self) -> Uuid {
        match self {
            Self::New { id, .. } => *id,
            Self::Of(token, _) => token.family_id,
        }
    }
}

/// A validated user grant.
pub(crate) struct UserGrant<'a> {
    pub(crate) user: &'a User,
    pub(crate) amr: Vec<String>,
    pub(crate) auth_time: Instant,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) nonce: Option<String>,
    /// The user's address at sign-in, if known.
    pub(crate) address: Option<IpAddr>,
    /// The requested authentication contexts that are satisfied.
    pub(crate) contexts: BTreeSet<String>,
    pub(crate) family: Family<'a>,
    /// The `claims` parameters of this request and of the original one.
    pub(crate) claims: ClaimsRequest,
    /// The positive decision of the rules.
    pub(crate) decision: &'a Decision,
    pub(crate) grant_type: &'static str,
}

/// The input for an access token.
pub(crate) struct AccessTokenOrder<'a> {
    pub(crate) resource: &'a Application,
    pub(crate) name: &'a str,
    pub(crate) subject: &'a AccessSubject,
    /// Claims about the user.
    pub(crate) user_claims: UserClaims,
    /// The requested claims.
    pub(crate) claims: &'a ClaimsRequest,
    /// The satisfied authentication contexts.
    pub(crate) contexts: &'a BTreeSet<String>,
}

/// A minted access token.
pub(crate) struct MintedAccessToken {
    pub(crate) token: String,
    pub(crate) uti: String,
    pub(crate) fingerprint: String,
    /// The `nbf` claim.
    pub(crate) not_before: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) audience: String,
    /// Whether the token is CAE-enabled.
    pub(crate) evaluated: bool,
}

/// Mints an access token. The resource determines its version and audience, whatever endpoint was
/// called.
pub(crate) async fn mint_access_token(
    request: &TokenRequest<'_>,
    order: &AccessTokenOrder<'_>,
) -> Result<MintedAccessToken, Refusal> {
    let idp = request.idp;
    let key =
        idp.keys.active(&request.tenant).await.map_err(|_| Refusal::new(aadsts::SERVICE_UNAVAILABLE))?;
    let version =
        if order.resource.document.token_version == 2 { TokenVersion::V2 } else { TokenVersion::V1 };
    let audience = match version {
        TokenVersion::V1 => order.name.to_owned(),
        TokenVersion::V2 => order.resource.client_id.to_string(),
    };
    let unique =
        idp.chassis.random.of(request.tenant.id).stream("access-token-uti").uuid_at(request.now).into_bytes();
    // Claims have whole seconds; the token expires at the start of a second.
    let capabilities = capabilities(order.claims, order.resource);
    let evaluated = is_cae_enabled(order, capabilities.as_ref());
    let lifetime = lifetime(request, order.resource, evaluated);
    let expires_at = (request.now + lifetime).whole_second();
    let claims = AccessTokenClaims::build(&AccessTokenInput {
        version,
        origin: idp.issuer_origin(request.origin, version),
        tenant: request.tenant.id,
        audience: &audience,
        resource: order.resource.client_id,
        client: request.client.application.client_id,
        client_authentication: request.client.authentication,
        // Only the platform's own resources receive this claim.
        client_name: (order.resource.client_id == GRAPH).then_some(&request.client.application.name),
        subject: order.subject,
        issued_at: request.now,
        expires_at,
        not_before: order.claims.not_before,
        acrs: order.contexts.iter().cloned().collect(),
        uti: unique,
        pairwise: &idp.pairwise,
        xms_cc: capabilities,
        user_claims: order.user_claims.clone(),
    });
    let token = sign_rs256(&key, version, &claims);
    let fingerprint = fingerprint(&token);
    let not_before = Instant::from_seconds(claims.nbf);
    Ok(MintedAccessToken {
        token,
        uti: uti(unique),
        fingerprint,
        not_before,
        expires_at,
        audience,
        evaluated,
    })
}

/// Mints the tokens for a user grant and records the issuance event.
pub(crate) async fn mint_for_user(
    request: &TokenRequest<'_>,
    grant: UserGrant<'_>,
    resource: ResourceGrant,
    change: &mut Change,
) -> Result<TokenAnswer, Refusal> {
    let random = request.idp.chassis.random.of(request.tenant.id);
    let subject = AccessSubject::User {
        user: user_facts(grant.user),
        scopes: resource.granted.scp(),
        roles: request
            .idp
            .directory
            .user_roles(request.tenant.id, grant.user.id, resource.application.client_id)
            .await?,
        amr: grant.amr.clone(),
        // Always present: it identifies the session when the token is used in the on-behalf-of
        // flow.
        session: grant.session_id,
        auth_time: user_claims::auth_time(&resource.application, TokenKind::Access, grant.auth_time),
        wids: user_claims::access_token_wids(&resource.application, grant.user),
    };
    let order = AccessTokenOrder {
        resource: &resource.application,
        name: &resource.name,
        subject: &subject,
        user_claims: user_claims(
            request,
            &resource.application,
            TokenKind::Access,
            grant.user,
            resource.oidc(),
        )
        .await?
        .with_ip_address(grant.address),
        claims: &grant.claims,
        contexts: &grant.contexts,
    };
    let access_token = mint_access_token(request, &order).await?;
    let refresh_token = resource.request.is_offline().then(|| {
        let reused = match &grant.family {
            Family::Of(_, rotation) => rotation.successor(request.now),
            Family::New { .. } => None,
        };
        let token_id = reused.unwrap_or_else(|| random.stream("refresh-token-id").uuid_at(request.now));
        let token = refresh_token(request, &grant, &resource, token_id);
        let text = token.seal(&request.idp.chassis.sealer, &mut random.stream("refresh-token-nonce"));
        (token, text)
    });
    if let (Family::Of(used, rotation), Some((next, _))) = (&grant.family, &refresh_token) {
        rotation.replace(used, next, request.now, change);
    }
    let id_token = if resource.oidc().contains("openid") {
        let order = IdTokenOrder {
            user: grant.user,
            amr: &grant.amr,
            session_id: grant.session_id,
            auth_time: grant.auth_time,
            address: grant.address,
            nonce: grant.nonce.as_deref(),
            oidc: resource.oidc(),
            claims: &grant.claims,
            c_hash: None,
            at_hash: None,
        };
        Some(id_token(request, order).await?)
    } else {
        None
    };
    record::issued_to_user(request, &grant, &resource, &access_token, refresh_token.as_ref(), change);
    let client_info = (request.form.get("client_info") == Some("1")).then(|| {
        let info = serde_json::json!({"uid": grant.user.id, "utid": request.tenant.id});
        URL_SAFE_NO_PAD.encode(info.to_string())
    });
    // MSAL for JavaScript reads this member. Entra ID was observed to send it for the refresh of a
    // single-page application, whose refresh tokens have a fixed expiry.
    let life = match &grant.family {
        Family::Of(used, _) => used.fixed_expires_at.map(|end| end - request.now),
        Family::New { .. } => None,
    };
    let answer = TokenAnswer::for_user(
        request.endpoint,
        access_token,
        refresh_token.map(|(_, text)| text),
        id_token,
        client_info,
        &resource,
        request.now,
    );
    Ok(answer.with_refresh_token_life(request.endpoint, life))
}

fn refresh_token(
    request: &TokenRequest<'_>,
    grant: &UserGrant<'_>,
    resource: &ResourceGrant,
    token_id: Uuid,
) -> SealedRefreshToken {
    match &grant.family {
        Family::Of(parent, _) => SealedRefreshToken {
            can_be_challenged: grant.claims.can_be_challenged,
            ..parent.child(token_id, request.now)
        },
        family @ Family::New { redirect_type, .. } => SealedRefreshToken {
            token_id,
            parent_id: None,
            family_id: family.id(),
            client_id: request.client.application.client_id,
            user_id: grant.user.id,
            tenant: request.tenant.id,
            client_class: match request.client.class() {
                ClientClass::Public => outlive_tokens::ClientClass::Public,
                ClientClass::Confidential => outlive_tokens::ClientClass::Confidential,
            },
            password_based: outlive_rules::password_based(&grant.amr),
            amr: grant.amr.clone(),
            auth_time: grant.auth_time,
            redirect_type: *redirect_type,
            fixed_expires_at: (*redirect_type == RedirectType::Spa)
                .then(|| request.now + lifetimes::SPA_REFRESH_TOKEN),
            resource: resource.name.clone(),
            bare: resource.granted.forms().first().is_some_and(|form| form.identifier.is_none()),
            several: resource.several,
            scopes: resource.request.kept(resource.granted.forms()),
            session_id: grant.session_id,
            address: grant.address,
            can_be_challenged: grant.claims.can_be_challenged,
            family_issued_at: request.now,
            issued_at: request.now,
        },
    }
}

/// The input for an ID token.
pub(crate) struct IdTokenOrder<'a> {
    pub(crate) user: &'a User,
    pub(crate) amr: &'a [String],
    pub(crate) session_id: Option<SessionId>,
    pub(crate) auth_time: Instant,
    pub(crate) address: Option<IpAddr>,
    pub(crate) nonce: Option<&'a str>,
    /// The granted OpenID Connect scopes.
    pub(crate) oidc: &'a BTreeSet<String>,
    /// The requested claims.
    pub(crate) claims: &'a ClaimsRequest,
    pub(crate) c_hash: Option<String>,
    pub(crate) at_hash: Option<String>,
}

/// Mints an ID token for the client of the request.
pub(crate) async fn id_token(request: &TokenRequest<'_>, order: IdTokenOrder<'_>) -> Result<String, Refusal> {
    let idp = request.idp;
    let key =
        idp.keys.active(&request.tenant).await.map_err(|_| Refusal::new(aadsts::SERVICE_UNAVAILABLE))?;
    let client = &request.client.application;
    let roles = idp.directory.user_roles(request.tenant.id, order.user.id, client.client_id).await?;
    let mut user_claims = user_claims(request, client, TokenKind::Id, order.user, order.oidc)
        .await?
        .with_ip_address(order.address);
    user_claims.optional.extend(order.claims.id_token.iter().cloned());
    // A hint for signing out: opaque to the client.
    let login_hint =
        user_claims.optional.contains("login_hint").then(|| STANDARD.encode(order.user.upn.as_bytes()));
    let claims = IdTokenClaims::build(&IdTokenInput {
        version: request.endpoint,
        origin: idp.issuer_origin(request.origin, request.endpoint),
        tenant: request.tenant.id,
        client: client.client_id,
        user: &user_facts(order.user),
        profile: order.oidc.contains("profile"),
        email: order.oidc.contains("email"),
        amr: order.amr,
        roles: &roles,
        nonce: order.nonce,
        session: order.session_id.filter(|_| user_claims.optional.contains("sid")),
        auth_time: user_claims.optional.contains("auth_time").then_some(order.auth_time),
        login_hint: login_hint.as_deref(),
        c_hash: order.c_hash,
        at_hash: order.at_hash,
        issued_at: request.now,
        expires_at: request.now + id_token_lifetime(request),
        uti: idp.chassis.random.of(request.tenant.id).stream("id-token-uti").bytes(),
        pairwise: &idp.pairwise,
        user_claims,
    });
    Ok(sign_rs256(&key, request.endpoint, &claims))
}

pub(crate) fn user_facts(user: &User) -> UserFacts {
    UserFacts {
        id: user.id,
        name: user.display_name.clone(),
        upn: user.upn.clone(),
        given_name: user.profile.given_name.clone(),
        family_name: user.profile.surname.clone(),
        email: user.profile.mail.clone(),
    }
}
