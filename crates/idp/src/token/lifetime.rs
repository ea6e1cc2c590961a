//! Token lifetimes: set by a policy, or else random within the documented range.

use outlive_clock::Span;
use outlive_rules::lifetimes;

use super::endpoint::TokenRequest;
use crate::directory::Application;

/// Returns the lifetime of an access token for a resource. Policies apply at issuance, so a change
/// affects the next token.
pub(crate) fn access_token_lifetime(request: &TokenRequest<'_>, resource: &Application) -> Span {
    let random = request.idp.chassis.random.of(request.tenant.id);
    let drawn = lifetimes::access_token(&mut random.stream("access-token-lifetime"));
    request.tenant.policies.access_token_lifetime(resource.client_id).unwrap_or(drawn)
}

/// Returns the lifetime of an ID token for the client.
pub(crate) fn id_token_lifetime(request: &TokenRequest<'_>) -> Span {
    let client = request.client.application.client_id;
    request.tenant.policies.access_token_lifetime(client).unwrap_or(lifetimes::ID_TOKEN)
}
