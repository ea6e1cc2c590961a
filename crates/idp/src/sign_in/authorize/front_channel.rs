//! Tokens from the authorization endpoint (OpenID Connect Core 1.0, sections 3.2 and 3.3), without
//! a refresh token.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_rules::RequestOrigin;
use outlive_store::Change;
use outlive_tokens::fingerprint;
use outlive_wire::events::{IdTokenIssued, IssuedAccessToken, TokenIssued};
use outlive_wire::{JournalEvent, Subject};

use super::request::AuthorizeRequest;
use super::signed_in::SignedIn;
use crate::protocol::refusal::Refusal;
use crate::token::client_authentication::AuthenticatedClient;
use crate::token::grant::Authentication;
use crate::token::mint::id_token::Hashes;
use crate::token::mint::{access_token, id_token};
use crate::token::record::token_issued;
use crate::token::request::TokenRequest;
use crate::token::resource_grant::{ResourceRequest, Several, resolve_grant};
use crate::token::response::scope;
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
    let address = outlive_chassis::client_address(&visit.headers);
    let tokens = FrontChannel {
        // The authorization request as a token request.
        request: TokenRequest {
            idp: &visit.idp,
            tenant: request.tenant.clone(),
            client: AuthenticatedClient::of_front_channel(request.application.clone()),
            form: &visit.parameters,
            refresh_token: None,
            claims: request.claims.clone(),
            endpoint: request.endpoint,
            origin: &visit.origin.0,
            page: RequestOrigin::None,
            front_channel: true,
            address,
            now,
            trace: &visit.trace,
        },
        asked: request,
        signed_in,
        authentication: Authentication {
            amr: signed_in.session.amr.clone(),
            auth_time: signed_in.session.started_at,
            session_id: Some(signed_in.session.id),
            address: Some(address),
            nonce: request.nonce.clone(),
            claims: request.claims.clone(),
            contexts: request.claims.contexts.clone(),
        },
    };
    let mut hashes = Hashes { c_hash: code.map(left_half_hash), at_hash: None };
    if request.response_type.token {
        let token = tokens.access_token(change, &mut members).await?;
        hashes.at_hash = Some(left_half_hash(&token));
    }
    if request.response_type.id_token {
        members.push(("id_token", tokens.id_token(hashes, change).await?));
    }
    Ok(members)
}

struct FrontChannel<'a> {
    request: TokenRequest<'a>,
    asked: &'a AuthorizeRequest,
    signed_in: &'a SignedIn,
    authentication: Authentication,
}

impl FrontChannel<'_> {
    async fn access_token(&self, change: &mut Change, members: &mut Members) -> Result<String, Refusal> {
        let (request, user) = (&self.request, &self.signed_in.user);
        let scopes = self.asked.scopes.clone();
        let wanted = ResourceRequest { several: Several::First, ..ResourceRequest::of_one(scopes) };
        let resource = resolve_grant(request, user.id, wanted).await?;
        let minted = access_token::for_user(request, user, &self.authentication, &resource).await?;
        let issued = token_issued(request, "implicit", &resource.name, &minted);
        self.record(
            TokenIssued {
                user_id: Some(user.id),
                upn: Some(user.upn.clone()),
                scope: Some(resource.granted.names().join(" ")),
                access_token: IssuedAccessToken { evaluated: None, ..issued.access_token },
                ..issued
            },
            change,
        );
        members.push(("access_token", minted.token.clone()));
        members.push(("token_type", "Bearer".to_owned()));
        members.push(("expires_in", (minted.expires_at - request.now).as_seconds().to_string()));
        members.push(("scope", scope(request.endpoint, &resource.granted)));
        Ok(minted.token)
    }

    async fn id_token(&self, hashes: Hashes, change: &mut Change) -> Result<String, Refusal> {
        let (request, user) = (&self.request, &self.signed_in.user);
        let oidc = &self.asked.scopes.oidc;
        let token = id_token::mint(request, user, &self.authentication, oidc, hashes).await?;
        self.record(
            IdTokenIssued {
                client_id: self.asked.application.client_id,
                client_name: self.asked.application.name.clone(),
                upn: user.upn.clone(),
                session: self.signed_in.session.id,
                fingerprint: fingerprint(&token),
            },
            change,
        );
        Ok(token)
    }

    fn record(&self, issued: impl Into<JournalEvent>, change: &mut Change) {
        let TokenRequest { idp, tenant, now, trace, .. } = &self.request;
        let event = Event::new(tenant.id, *now, Subject::user(self.signed_in.user.id), trace, issued);
        change.append(idp.chassis.journal.entry(&event));
    }
}

/// Returns `c_hash` and `at_hash`: the left half of the SHA-256 hash (OpenID Connect Core 1.0,
/// sections 3.2.2.9 and 3.3.2.11).
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
