//! `grant_type=authorization_code` (RFC 6749, section 4.1.3; RFC 7636).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_rules::scopes::ScopeRequest;
use outlive_rules::{ClientClass, CodeFacts, Presented, ProofKey, aadsts, password_based};

use crate::directory::User;
use crate::directory::platform::GRAPH_URI;
use crate::directory::spec::RedirectUriType;
use crate::protocol::decision::Decision;
use crate::protocol::refusal::Refusal;
use crate::token::authorization_code::{AuthorizationCode, CodeChallenge};
use crate::token::grant::{Authentication, Family, Grant};
use crate::token::request::TokenRequest;
use crate::token::resource_grant::{Several, at_redemption};
use crate::token::response::TokenAnswer;

pub(in crate::token) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let idp = request.idp;
    let code = idp.open_grant::<AuthorizationCode>(&request.tenant, request.parameter("code")?).await?;
    let code = code.ok_or_else(|| Refusal::new(aadsts::MALFORMED_GRANT))?;
    if code.tenant != request.tenant.id {
        return Err(Refusal::new(aadsts::CODE_OF_ANOTHER_TENANT));
    }
    if !request.tenant.knows(code.generation) {
        return Err(Refusal::new(aadsts::MALFORMED_GRANT));
    }
    check_credential(request, &code)?;
    let asked = ScopeRequest::from(code.scopes.clone());
    let wanted = at_redemption(request, asked.clone(), Several::Authorized);
    let checked = request
        .with_scopes(Some(asked), GRAPH_URI, wanted)
        .with_user(idp.directory.user(code.tenant, code.user_id).await?)
        .with_access(&code.claims.contexts, None)
        .await?;
    let mut facts = CodeFacts {
        issued_at: code.issued_at,
        redeemed_at: code.redeemed_at(&idp.chassis.store).await?,
        client_class: request.client.class(),
        password_based: password_based(&code.amr),
        spa: code.redirect_type == RedirectUriType::Spa,
        presented_by_its_client: code.client_id == request.client.application.client_id,
        origin: request.page,
        proof_key: proof_key(&code, request.form.get("code_verifier")),
        conditional_access: checked.access().facts.clone(),
    };
    let user = checked.user().map(User::facts);
    let accepted = checked.decide(Presented::Code(facts.clone())).await?;
    if request.parameter("redirect_uri")? != code.redirect_uri {
        return Err(Refusal::new(aadsts::REDIRECT_URI_NOT_THE_CODES));
    }
    let grant = Grant {
        grant_type: "authorization_code",
        authentication: Authentication {
            amr: code.amr.clone(),
            auth_time: code.auth_time,
            session_id: Some(code.session_id),
            address: code.address,
            nonce: code.nonce.clone(),
            claims: request.claims.clone().after(&code.claims),
            // Those of the authorization request: there, the user could be prompted to satisfy
            // them.
            contexts: code.claims.contexts.clone(),
        },
        family: Family::New { id: code.id, redirect_type: Some(code.redirect_type) },
    };
    let minted = accepted.authorize().await?.mint(&grant).await?;
    match minted.record(code.mark_redeemed(request.now)).await {
        Ok(recorded) => return Ok(TokenAnswer::of(recorded)),
        Err(error) if error.is_conflict() => {}
        Err(error) => return Err(error.into()),
    }
    // Another request redeemed the code at the same time.
    facts.redeemed_at = Some(code.redeemed_at(&idp.chassis.store).await?.unwrap_or(request.now));
    let again = Decision::on(Presented::Code(facts), user, &request.tenant.rules, request.now);
    Err(Refusal::of_decision(&again).unwrap_or_else(|| Refusal::new(aadsts::CODE_REDEEMED)))
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
