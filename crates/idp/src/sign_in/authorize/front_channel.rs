//! Tokens from the authorization endpoint (OpenID Connect Core 1.0, sections 3.2 and 3.3), without
//! a refresh token.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_rules::RequestOrigin;
use outlive_store::Change;
use outlive_tokens::claims::{AccessSubject, ClientAuthentication};
use outlive_tokens::fingerprint;
use outlive_wire::Subject;
use outlive_wire::events::{IdTokenIssued, IssuedAccessToken, TokenIssued};

use super::request::AuthorizeRequest;
use super::signed_in::SignedIn;
use crate::access::conditional_access;
use crate::protocol::refusal::Refusal;
use crate::token::client_authentication::AuthenticatedClient;
use crate::token::endpoint::TokenRequest;
use crate::token::mint::{self, AccessTokenOrder, IdTokenOrder, mint_access_token, user_facts};
use crate::token::resource_grant::{ResourceRequest, Several, resolve_grant};
use crate::token::response::scope;
use crate::token::user_claims::{self, TokenKind, user_claims};
use crate::visit::Visit;

/// The parameters of a response.
pub(crate) type Members = Vec<(&'static str, String)>;

/// Mints the tokens that `response_type` names in addition to a code, and records them.
pub(crate) async fn front_channel_tokens(
    visit: &Visit,
    request: &AuthorizeRequest,
    signed_in: &SignedIn,
    code: Option<&str>,
    now: Instant,
    change: &mut Change,
) -> Result<Members, Refusal> {
    let mut members = Members::new();
    let access_token = if request.response_type.token {
        Some(access_token(visit, request, signed_in, now, change, &mut members).await?)
    } else {
        None
    };
    if request.response_type.id_token {
        let hashes = (code.map(left_half_hash), access_token.as_deref().map(left_half_hash));
        members.push(("id_token", id_token(visit, request, signed_in, hashes, now, change).await?));
    }
    Ok(members)
}

/// The authorization request as a token request.
fn as_token_request<'a>(visit: &'a Visit, request: &'a AuthorizeRequest, now: Instant) -> TokenRequest<'a> {
    TokenRequest {
        idp: &visit.idp,
        tenant: request.tenant.clone(),
        // The front channel does not authenticate clients: the client is public, whatever
        // credentials it has.
        client: AuthenticatedClient {
            application: request.application.clone(),
            authentication: ClientAuthentication::None,
        },
        form: &visit.parameters,
        claims: request.claims.clone(),
        endpoint: request.endpoint,
        origin: &visit.origin.0,
        page: RequestOrigin::None,
        front_channel: true,
        address: conditional_access::address(&visit.headers),
        now,
        trace: &visit.trace,
    }
}

async fn access_token(
    visit: &Visit,
    request: &AuthorizeRequest,
    signed_in: &SignedIn,
    now: Instant,
    change: &mut Change,
    members: &mut Members,
) -> Result<String, Refusal> {
    let idp = &visit.idp;
    let tenant = &request.tenant;
    let SignedIn { user, session, .. } = signed_in;
    let as_token_request = as_token_request(visit, request, now);
    let wanted =
        ResourceRequest { several: Several::First, ..ResourceRequest::of_one(request.scopes.clone()) };
    let resource = resolve_grant(&as_token_request, user.id, wanted).await?;
    let subject = AccessSubject::User {
        user: user_facts(user),
        scopes: resource.granted.scp(),
        roles: idp.directory.user_roles(tenant.id, user.id, resource.application.client_id).await?,
        amr: session.amr.clone(),
        session: Some(session.id),
        auth_time: user_claims::auth_time(&resource.application, TokenKind::Access, session.started_at),
        wids: user_claims::access_token_wids(&resource.application, user),
    };
    let order = AccessTokenOrder {
        resource: &resource.application,
        name: &resource.name,
        subject: &subject,
        user_claims: user_claims(
            &as_token_request,
            &resource.application,
            TokenKind::Access,
            user,
            resource.oidc(),
        )
        .await?
        .with_ip_address(Some(as_token_request.address)),
        claims: &request.claims,
        contexts: &request.claims.contexts,
    };
    let minted = mint_access_token(&as_token_request, &order).await?;
    let issued = TokenIssued {
        grant_type: "implicit".to_owned(),
        client_id: request.application.client_id,
        client_name: request.application.name.clone(),
        client_class: as_token_request.client.class(),
        user_id: Some(user.id),
        upn: Some(user.upn.clone()),
        family: None,
        session: None,
        amr: Vec::new(),
        resource: resource.name.clone(),
        scope: Some(resource.granted.names().join(" ")),
        roles: None,
        access_token: IssuedAccessToken {
            uti: minted.uti,
            fingerprint: minted.fingerprint,
            expires_at: minted.expires_at,
            evaluated: None,
        },
        refresh_token: None,
        verdict: None,
        question: None,
    };
    let event = Event::new(tenant.id, now, Subject::user(user.id), &visit.trace, issued);
    change.append(idp.chassis.journal.entry(&event));
    members.push(("access_token", minted.token.clone()));
    members.push(("token_type", "Bearer".to_owned()));
    members.push(("expires_in", (minted.expires_at - now).as_seconds().to_string()));
    members.push(("scope", scope(request.endpoint, &resource)));
    Ok(minted.token)
}

async fn id_token(
    visit: &Visit,
    request: &AuthorizeRequest,
    signed_in: &SignedIn,
    (c_hash, at_hash): (Option<String>, Option<String>),
    now: Instant,
    change: &mut Change,
) -> Result<String, Refusal> {
    let (idp, tenant) = (&visit.idp, &request.tenant);
    let SignedIn { user, session, .. } = signed_in;
    let order = IdTokenOrder {
        user,
        amr: &session.amr,
        session_id: Some(session.id),
        auth_time: session.started_at,
        address: Some(conditional_access::address(&visit.headers)),
        nonce: request.nonce.as_deref(),
        oidc: &request.scopes.oidc,
        claims: &request.claims,
        c_hash,
        at_hash,
    };
    let token = mint::id_token(&as_token_request(visit, request, now), order).await?;
    let issued = IdTokenIssued {
        client_id: request.application.client_id,
        client_name: request.application.name.clone(),
        upn: user.upn.clone(),
        session: session.id,
        fingerprint: fingerprint(&token),
    };
    let event = Event::new(tenant.id, now, Subject::user(user.id), &visit.trace, issued);
    change.append(idp.chassis.journal.entry(&event));
    Ok(token)
}

/// `c_hash` and `at_hash`: the left half of the SHA-256 hash (OpenID Connect Core 1.0, sections
/// 3.2.2.9 and 3.3.2.11).
fn left_half_hash(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    let bytes = hash.as_ref();
    URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::left_half_hash;

    /// The example of OpenID Connect Core 1.0, appendix A.3 and A.4.
    #[test]
    fn hashes_are_those_of_the_specification() {
        assert_eq!(left_half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            left_half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA"
        );
    }
}
