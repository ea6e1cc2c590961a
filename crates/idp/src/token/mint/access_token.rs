//! Mints access tokens. The resource determines version and audience, whatever endpoint was called.

use outlive_clock::{Instant, Span};
use outlive_rules::lifetimes;
use outlive_tokens::claims::{AccessSubject, AccessTokenClaims, AccessTokenInput, UserClaims, uti};
use outlive_tokens::{ClaimsRequest, TokenVersion, fingerprint};

use super::signed::sign;
use super::user_claims::{self, TokenKind, opaque_claims, optional_claims, user_claims};
use crate::access::scopes::ResolvedResource;
use crate::directory::platform::GRAPH;
use crate::directory::{Application, User};
use crate::protocol::refusal::Refusal;
use crate::token::grant::Authentication;
use crate::token::request::TokenRequest;
use crate::token::resource_grant::ResourceGrant;

pub(crate) struct AccessToken {
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

pub(crate) async fn for_user(
    request: &TokenRequest<'_>,
    user: &User,
    authentication: &Authentication,
    resource: &ResourceGrant,
) -> Result<AccessToken, Refusal> {
    let api = &resource.application;
    let directory = &request.idp.directory;
    let subject = AccessSubject::User {
        user: user_claims::user_facts(user),
        scopes: resource.granted.scp(),
        roles: directory.user_roles(request.tenant.id, user.id, api.client_id).await?,
        amr: authentication.amr.clone(),
        // Always present: it identifies the session when the token is used in the on-behalf-of
        // flow.
        session: authentication.session_id,
        auth_time: optional_claims(api, TokenKind::Access)
            .contains("auth_time")
            .then_some(authentication.auth_time),
        wids: user_claims::access_token_wids(api, user),
    };
    let claims = user_claims(request, api, TokenKind::Access, user, resource.oidc()).await?;
    let order = Order {
        resource: api,
        name: &resource.name,
        subject: &subject,
        user_claims: claims.with_ip_address(authentication.address),
        claims: &authentication.claims,
        acrs: authentication.contexts.iter().cloned().collect(),
    };
    mint(request, order).await
}

pub(super) async fn for_application(
    request: &TokenRequest<'_>,
    resource: &ResolvedResource,
    roles: Vec<String>,
) -> Result<AccessToken, Refusal> {
    let client = &request.client.application;
    let subject = AccessSubject::App {
        service_principal: client.service_principal_id,
        roles,
        idtyp: user_claims::includes_idtyp(&resource.application),
        managed_identity: client.document.managed_identity.as_ref().map(|found| found.resource_id.clone()),
        wids: user_claims::application_wids(&resource.application),
    };
    let random = request.idp.chassis.random.of(request.tenant.id);
    let order = Order {
        resource: &resource.application,
        name: resource.audience(),
        subject: &subject,
        user_claims: UserClaims {
            opaque: Some(opaque_claims(&mut random.stream("token-notes"))),
            ..UserClaims::default()
        },
        claims: &request.claims,
        acrs: Vec::new(),
    };
    mint(request, order).await
}

struct Order<'a> {
    resource: &'a Application,
    /// The requested identifier: the audience of a version 1.0 token.
    name: &'a str,
    subject: &'a AccessSubject,
    user_claims: UserClaims,
    /// The requested claims.
    claims: &'a ClaimsRequest,
    /// The satisfied authentication contexts.
    acrs: Vec<String>,
}

async fn mint(request: &TokenRequest<'_>, order: Order<'_>) -> Result<AccessToken, Refusal> {
    let (idp, tenant, resource) = (request.idp, request.tenant.id, order.resource);
    let key = idp.keys.active(&request.tenant).await?;
    let version = if resource.document.token_version == 2 { TokenVersion::V2 } else { TokenVersion::V1 };
    let audience = match version {
        TokenVersion::V1 => order.name.to_owned(),
        TokenVersion::V2 => resource.client_id.to_string(),
    };
    let unique = idp.chassis.random.of(tenant).stream("access-token-uti").uuid_at(request.now).into_bytes();
    let capabilities = capabilities(order.claims, resource);
    // CAE-enabled: for a user, a CAE-enabled resource and a CAE-capable client.
    let evaluated = matches!(order.subject, AccessSubject::User { .. })
        && capabilities.is_some()
        && resource.document.continuous_access_evaluation;
    // Claims have whole seconds; the token expires at the start of a second.
    let expires_at = (request.now + lifetime(request, &order, &audience, evaluated)).whole_second();
    let claims = AccessTokenClaims::build(&AccessTokenInput {
        version,
        origin: idp.issuer_origin(request.origin, version),
        tenant,
        audience: &audience,
        resource: resource.client_id,
        client: request.client.application.client_id,
        client_authentication: request.client.authentication,
        // Only the platform's own resources receive this claim.
        client_name: (resource.client_id == GRAPH).then_some(&request.client.application.name),
        subject: order.subject,
        issued_at: request.now,
        expires_at,
        not_before: order.claims.not_before,
        acrs: order.acrs,
        uti: unique,
        pairwise: request.tenant.keys.pairwise(),
        xms_cc: capabilities,
        user_claims: order.user_claims,
    });
    let token = sign(&key, version, &claims, request.now);
    Ok(AccessToken {
        fingerprint: fingerprint(&token),
        token,
        uti: uti(unique),
        not_before: Instant::from_seconds(claims.nbf),
        expires_at,
        audience,
        evaluated,
    })
}

/// Returns the client capabilities for `xms_cc`, if the resource requests that claim ("Claims
/// challenges, claims requests, and client capabilities").
fn capabilities(claims: &ClaimsRequest, resource: &Application) -> Option<Vec<String>> {
    let included =
        claims.can_be_challenged && optional_claims(resource, TokenKind::Access).contains("xms_cc");
    included.then(|| vec!["cp1".to_owned()])
}

/// Returns the lifetime: long if the token is CAE-enabled or of a managed identity, set by a
/// policy, or else random within the documented range. Policies apply at issuance, so a change
/// affects the next token.
///
/// With a seed, a random lifetime depends on client, subject, audience and instant, so that
/// concurrent requests have the same results whichever arrives first.
fn lifetime(request: &TokenRequest<'_>, order: &Order<'_>, audience: &str, evaluated: bool) -> Span {
    let client = &request.client.application;
    if client.document.managed_identity.is_some() {
        return lifetimes::MANAGED_IDENTITY_ACCESS_TOKEN;
    }
    let subject = match order.subject {
        AccessSubject::User { user, .. } => user.id.uuid(),
        AccessSubject::App { service_principal, .. } => service_principal.uuid(),
    };
    let issued_us = request.now.as_micros();
    let random = request.idp.chassis.random.of(request.tenant.id);
    let stream = |label| {
        random.stream_of(label, format_args!("{}/{subject}/{issued_us}/{audience}", client.client_id))
    };
    if evaluated {
        return lifetimes::evaluated_access_token(&mut stream("evaluated-access-token-lifetime"));
    }
    let configured = request.tenant.policies.access_token_lifetime(order.resource.client_id);
    configured.unwrap_or_else(|| lifetimes::access_token(&mut stream("access-token-lifetime")))
}
