//! `grant_type=client_credentials` (RFC 6749, section 4.4): a token for the application itself,
//! without a refresh token.

use outlive_rules::aadsts;
use outlive_rules::scopes::{ScopeError, ScopeRequest};
use outlive_tokens::TokenVersion;
use outlive_tokens::claims::ClientAuthentication;

use crate::access::scopes::{ResolveError, ResolvedResource, resolve};
use crate::protocol::refusal::Refusal;
use crate::token::request::TokenRequest;
use crate::token::response::TokenAnswer;

pub(in crate::token) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    if request.client.authentication == ClientAuthentication::None {
        return Err(Refusal::new(aadsts::CREDENTIAL_INCOMPLETE).with("grant_type", "client_credentials"));
    }
    let authorized = request.for_application(resource(request).await?).await?;
    Ok(TokenAnswer::of(authorized.mint().await?.record().await?))
}

/// Returns the one resource that is requested, with `/.default`. OpenID Connect scopes beside it
/// are ignored: several libraries always send them.
async fn resource(request: &TokenRequest<'_>) -> Result<ResolvedResource, Refusal> {
    let (directory, tenant) = (&request.idp.directory, request.tenant.id);
    let (wanted, scope) = match request.endpoint {
        TokenVersion::V1 => {
            let name = request.parameter("resource")?;
            (ScopeRequest::of_resource(name), name)
        }
        TokenVersion::V2 => {
            let scope = request.parameter("scope")?;
            let parsed = match ScopeRequest::parse(scope) {
                Ok(parsed) => parsed.with_one_default()?,
                Err(ScopeError::DefaultCombined(text)) => {
                    return Err(ScopeError::DefaultCombined(text).into());
                }
                Err(_) => ScopeRequest::default(),
            };
            (parsed, scope)
        }
    };
    if !matches!(wanted.resources.as_slice(), [one] if one.by_default) {
        return Err(Refusal::new(aadsts::SCOPE_NOT_DEFAULT).with("scope", scope));
    }
    let found = resolve(directory, tenant, &wanted).await.map_err(ResolveError::at_token)?;
    found.into_iter().next().ok_or_else(|| Refusal::new(aadsts::SCOPE_NOT_DEFAULT).with("scope", scope))
}
