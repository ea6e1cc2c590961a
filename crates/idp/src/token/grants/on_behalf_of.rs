//! `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer` with `requested_token_use=on_behalf_of`
//! (RFC 7523, section 2.1; "On-Behalf-Of flow"): an API exchanges the access token that a client
//! sent for one for the next API, for the same user. The API authenticates, so the new tokens are
//! those of a confidential client.

use outlive_rules::{AssertionFacts, Presented, aadsts, password_based};
use outlive_store::Change;
use outlive_tokens::claims::{BACKDATED, ClientAuthentication};
use outlive_tokens::{AccessClaims, BearerExpectations, BearerRefusal, ClientAssertion};

use crate::access::conditional_access::NO_CONTEXTS;
use crate::directory::platform::GRAPH_URI;
use crate::directory::sessions;
use crate::protocol::refusal::Refusal;
use crate::token::grant::{Authentication, Family, Grant};
use crate::token::request::TokenRequest;
use crate::token::resource_grant::first_of_grant;
use crate::token::response::TokenAnswer;

pub(in crate::token) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let (idp, tenant) = (request.idp, request.tenant.id);
    check_what_is_wanted(request)?;
    let text = request.parameter("assertion")?;
    let wanted = first_of_grant(request)?;
    let claims = verify_assertion(request, text).await?;
    let Some(user_id) = claims.user() else {
        let client = request.client.application.client_id;
        return Err(Refusal::new(aadsts::APP_CANNOT_ACT_ON_BEHALF).with("client", client));
    };
    let user = idp.directory.user(tenant, user_id).await?;
    let session_signed_out_at = match claims.sid {
        Some(session) => idp.directory.signed_out_at(tenant, session).await?,
        None => None,
    };
    // Tokens of version 2 do not contain the authentication methods; the session does.
    let amr = match claims.sid {
        Some(session) if claims.amr.is_empty() => {
            let session = sessions::by_id(&idp.chassis.store, tenant, session).await?;
            session.map(|session| session.amr).unwrap_or_default()
        }
        _ => claims.amr,
    };
    let issued_at = claims.iat + BACKDATED;
    let checked = request
        .with_scopes(Some(wanted.scopes.clone()), GRAPH_URI, Ok(wanted))
        .with_user(user)
        .with_access(&NO_CONTEXTS, None)
        .await?;
    let facts = AssertionFacts {
        issued_at,
        expires_at: claims.exp,
        password_based: password_based(&amr),
        session_signed_out_at,
        conditional_access: checked.access().facts.clone(),
        second_factor: checked.second_factor(&amr),
    };
    let authorized = checked.decide(Presented::Assertion(facts)).await?.authorize().await?;
    let grant = Grant {
        grant_type: "on_behalf_of",
        authentication: Authentication {
            session_id: claims.sid,
            ..Authentication::new(amr, issued_at, &request.claims)
        },
        family: Family::without_redirect(request),
    };
    Ok(TokenAnswer::of(authorized.mint(&grant).await?.record(Change::new()).await?))
}

/// Only access tokens are exchanged, and only for clients that authenticate.
fn check_what_is_wanted(request: &TokenRequest<'_>) -> Result<(), Refusal> {
    let unsupported = |name| Err(Refusal::new(aadsts::PARAMETER_INVALID).with("name", name));
    if request.client.authentication == ClientAuthentication::None {
        return Err(Refusal::new(aadsts::CREDENTIAL_INCOMPLETE).with("grant_type", "jwt-bearer"));
    }
    match request.form.get("requested_token_use") {
        None => return Err(Refusal::missing("requested_token_use")),
        Some("on_behalf_of") => {}
        Some(_) => return unsupported("requested_token_use"),
    }
    match request.form.get("requested_token_type") {
        None | Some("urn:ietf:params:oauth:token-type:access_token") => Ok(()),
        Some(_) => unsupported("requested_token_type"),
    }
}

/// Returns the claims of the assertion: an access token of this tenant whose audience is the
/// client.
async fn verify_assertion(request: &TokenRequest<'_>, text: &str) -> Result<AccessClaims, Refusal> {
    let client = &request.client.application;
    let mut audiences = client.document.identifier_uris.clone();
    audiences.push(client.client_id.to_string());
    let expected = BearerExpectations { tenant: request.tenant.id, audiences: &audiences, now: request.now };
    let refusal = match request.idp.verifier.verify(&expected, text, request.trace).await {
        Ok(claims) => return Ok(claims),
        Err(refusal) => refusal,
    };
    let assertion = ClientAssertion::read(text)
        .map_err(|malformed| Refusal::new(aadsts::ASSERTION_MALFORMED).with("reason", malformed))?;
    let assertion = assertion.claims();
    Err(match refusal {
        BearerRefusal::KeysUnavailable => Refusal::new(aadsts::SERVICE_UNAVAILABLE),
        // Signed by this tenant, but without the claims of an access token (azure-spring-boot#333).
        BearerRefusal::Malformed if assertion.scp.is_none() => Refusal::new(aadsts::ID_TOKEN_AS_ASSERTION),
        BearerRefusal::Missing | BearerRefusal::Malformed => {
            Refusal::new(aadsts::ASSERTION_MALFORMED).with("reason", refusal)
        }
        BearerRefusal::Audience => Refusal::new(aadsts::ASSERTION_AUDIENCE)
            .with("audience", assertion.aud.join(" "))
            .with("expected", client.client_id),
        BearerRefusal::NotYetValid { .. } | BearerRefusal::Expired { .. } => {
            Refusal::new(aadsts::ASSERTION_TIME)
                .with("now", request.now)
                .with("valid_from", assertion.nbf.unwrap_or(request.now))
                .with("valid_until", assertion.exp)
        }
        other => Refusal::new(aadsts::ASSERTION_INVALID).with("reason", other),
    })
}
