//! `grant_type=authorization_code` (RFC 6749, section 4.1.3; RFC 7636).

use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{ClientId, Instant, SessionId, TenantId, UserId};
use outlive_rules::scopes::{RequestedResource, ScopeRequest};
use outlive_rules::{ClientClass, CodeFacts, Presented, ProofKey, aadsts, lifetimes};
use outlive_store::{Change, Store, StoreError, sql};
use outlive_tokens::{ClaimsRequest, RedirectType, SealedToken};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::endpoint::TokenRequest;
use super::mint::{Family, UserGrant, mint_for_user};
use super::resource_grant::{Several, at_redemption, resolve_grant};
use super::response::TokenAnswer;
use crate::access::second_factor;
use crate::directory::User;
use crate::directory::platform::GRAPH_URI;
use crate::directory::spec::RedirectUriType;
use crate::protocol::decision::Decision;
use crate::protocol::refusal::Refusal;

/// The requested scopes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CodeScopes {
    pub(crate) oidc: Vec<String>,
    /// The resources with their scopes: an empty name stands for scopes without a resource, `None`
    /// for all consented scopes.
    pub(crate) resources: Vec<(String, Option<Vec<String>>)>,
    /// `.default` of each resource as requested; none otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) defaults: Vec<Option<String>>,
}

/// An authorization code: encrypted, so that nothing is stored before it is redeemed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuthorizationCode {
    pub(crate) id: Uuid,
    pub(crate) tenant: TenantId,
    pub(crate) client_id: ClientId,
    pub(crate) user_id: UserId,
    pub(crate) session_id: SessionId,
    pub(crate) amr: Vec<String>,
    pub(crate) auth_time: Instant,
    pub(crate) redirect_uri: String,
    pub(crate) redirect_type: RedirectUriType,
    pub(crate) scopes: CodeScopes,
    pub(crate) code_challenge: Option<CodeChallenge>,
    pub(crate) nonce: Option<String>,
    /// The address of the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<IpAddr>,
    /// The `claims` parameter of the authorization request.
    #[serde(default)]
    pub(crate) claims: ClaimsRequest,
    pub(crate) issued_at: Instant,
}

/// A PKCE challenge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CodeChallenge {
    pub(crate) s256: bool,
    pub(crate) challenge: String,
}

impl AuthorizationCode {
    /// When the code was redeemed (virtual), if it was.
    pub(crate) async fn redeemed_at(&self, store: &Store) -> Result<Option<Instant>, StoreError> {
        let row = store.row(sql!(
            "SELECT redeemed_us FROM redeemed_codes WHERE tenant = $1 AND code_id = $2",
            self.tenant,
            self.id.to_string()
        ));
        row.await?.map(|row| row.instant("redeemed_us")).transpose()
    }
}

impl SealedToken for AuthorizationCode {
    const PURPOSE: &'static str = "authorization-code";
    const PREFIX: &'static str = "1.A";
}

impl From<ScopeRequest> for CodeScopes {
    fn from(request: ScopeRequest) -> Self {
        let of = |resource: RequestedResource| {
            let names = (!resource.by_default).then_some(resource.names);
            (resource.identifier.unwrap_or_default(), names)
        };
        let mut defaults: Vec<_> = request.resources.iter().map(|form| form.default_word.clone()).collect();
        if defaults.iter().all(Option::is_none) {
            defaults.clear();
        }
        Self {
            oidc: request.oidc.into_iter().collect(),
            resources: request.resources.into_iter().map(of).collect(),
            defaults,
        }
    }
}

impl From<CodeScopes> for ScopeRequest {
    fn from(code: CodeScopes) -> Self {
        let mut defaults = code.defaults.into_iter();
        let of = |(identifier, names): (String, Option<Vec<String>>)| RequestedResource {
            identifier: Some(identifier).filter(|identifier| !identifier.is_empty()),
            by_default: names.is_none(),
            names: names.unwrap_or_default(),
            default_word: defaults.next().flatten(),
        };
        let request = Self {
            oidc: code.oidc.into_iter().collect(),
            resources: code.resources.into_iter().map(of).collect(),
            text: String::new(),
        };
        let text = request.words();
        Self { text, ..request }
    }
}

pub(crate) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let idp = request.idp;
    let presented = request.form.get("code").ok_or_else(|| Refusal::missing("code"))?;
    let code = AuthorizationCode::open(&idp.chassis.sealer, presented)
        .map_err(|_| Refusal::new(aadsts::MALFORMED_GRANT))?;
    if code.tenant != request.tenant.id {
        return Err(Refusal::new(aadsts::CODE_OF_ANOTHER_TENANT));
    }
    check_credential(request, &code)?;
    let user = idp.directory.user(code.tenant, code.user_id).await?;
    let authorized = ScopeRequest::from(code.scopes.clone());
    let access = request.access(user.as_ref(), Some(&authorized), &code.claims.contexts, None).await?;
    let mut facts = CodeFacts {
        issued_at: code.issued_at,
        redeemed_at: code.redeemed_at(&idp.chassis.store).await?,
        client_class: request.client.class(),
        password_based: outlive_rules::password_based(&code.amr),
        spa: code.redirect_type == RedirectUriType::Spa,
        presented_by_its_client: code.client_id == request.client.application.client_id,
        origin: request.page,
        proof_key: proof_key(&code, request.form.get("code_verifier")),
        conditional_access: access.facts,
    };
    let decide = |facts: &CodeFacts, user: Option<&User>| {
        Decision::on(
            Presented::Code(facts.clone()),
            user.map(User::facts),
            &request.tenant.rules,
            request.now,
        )
    };
    let decision = decide(&facts, user.as_ref());
    if let Some(refusal) = Refusal::of_decision(&decision) {
        let resource = authorized.resources.first().map_or(GRAPH_URI, RequestedResource::audience);
        return Err(second_factor::complete(refusal, &idp.directory, &request.tenant, resource).await?);
    }
    let redirect_uri = request.form.get("redirect_uri").ok_or_else(|| Refusal::missing("redirect_uri"))?;
    if redirect_uri != code.redirect_uri {
        return Err(Refusal::new(aadsts::REDIRECT_URI_NOT_THE_CODES));
    }
    let Some(user) = user else { return Err(Refusal::new(aadsts::USER_NOT_FOUND)) };
    let wanted = at_redemption(request, authorized, Several::Authorized)?;
    let resource = resolve_grant(request, user.id, wanted).await?;
    let grant = UserGrant {
        user: &user,
        amr: code.amr.clone(),
        auth_time: code.auth_time,
        session_id: Some(code.session_id),
        nonce: code.nonce.clone(),
        address: code.address,
        // Those of the authorization request: there, the user could be prompted to satisfy them.
        contexts: code.claims.contexts.clone(),
        family: Family::New {
            id: code.id,
            redirect_type: match code.redirect_type {
                RedirectUriType::Web => RedirectType::Web,
                RedirectUriType::Spa => RedirectType::Spa,
                RedirectUriType::PublicClient => RedirectType::PublicClient,
            },
        },
        claims: request.claims.clone().after(&code.claims),
        decision: &decision,
        grant_type: "authorization_code",
    };
    let mut change = Change::new();
    // The primary key makes a code single-use, also for concurrent requests.
    change.add(sql!(
        "INSERT INTO redeemed_codes (tenant, code_id, redeemed_us, expires_us) VALUES ($1, $2, $3, $4)",
        code.tenant,
        code.id.to_string(),
        request.now,
        code.issued_at + lifetimes::AUTHORIZATION_CODE
    ));
    // Expired codes are rejected without a row.
    change.add(sql!(
        "DELETE FROM redeemed_codes WHERE tenant = $1 AND code_id IN \
         (SELECT code_id FROM redeemed_codes WHERE tenant = $1 AND expires_us < $2 LIMIT 20)",
        code.tenant,
        request.now - lifetimes::AUTHORIZATION_CODE
    ));
    let answer = mint_for_user(request, grant, resource, &mut change).await?;
    match idp.chassis.store.commit(change).await {
        Ok(()) => Ok(answer),
        Err(error) if error.is_conflict() => {
            facts.redeemed_at = Some(code.redeemed_at(&idp.chassis.store).await?.unwrap_or(request.now));
            let again = decide(&facts, Some(&user));
            Err(Refusal::of_decision(&again).unwrap_or_else(|| Refusal::new(aadsts::CODE_REDEEMED)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the client has to authenticate, or cannot, depends on the type of the redirect URI
/// ("Redirect URI restrictions").
fn check_credential(request: &TokenRequest<'_>, code: &AuthorizationCode) -> Result<(), Refusal> {
    let client = &request.client.application;
    if code.client_id != client.client_id {
        return Ok(());
    }
    match (code.redirect_type, request.client.class()) {
        (RedirectUriType::Web, ClientClass::Public) if !client.document.kind.is_public() => {
            Err(Refusal::new(aadsts::CREDENTIAL_MISSING))
        }
        (RedirectUriType::Spa | RedirectUriType::PublicClient, ClientClass::Confidential) => {
            Err(Refusal::new(aadsts::CREDENTIAL_NOT_ALLOWED))
        }
        _ => Ok(()),
    }
}

/// Checks the verifier against the challenge (RFC 7636, section 4.6).
fn proof_key(code: &AuthorizationCode, verifier: Option<&str>) -> ProofKey {
    match (&code.code_challenge, verifier) {
        (None, None) => ProofKey::NotAsked,
        (Some(_), None) => ProofKey::Missing,
        (None, Some(_)) => ProofKey::Wrong,
        (Some(CodeChallenge { s256, challenge }), Some(verifier)) => {
            let computed = if *s256 {
                URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
            } else {
                verifier.to_owned()
            };
            let equal = verify_slices_are_equal(computed.as_bytes(), challenge.as_bytes()).is_ok();
            if equal { ProofKey::Proven } else { ProofKey::Wrong }
        }
    }
}
