//! How long tokens live: as a policy says, or else as long as chance has it.

use outlive_clock::Span;
use outlive_rules::lifetimes;

use super::endpoint::TokenRequest;
use crate::directory::Application;

/// How long an access token for a resource lives. The policy is asked when the token is made, so a change counts from the next one.
pub(crate) fn access_token_lifetime(request: &TokenRequest<'_>, resource: &Application) -> Span {
    let random = request.idp.chassis.random.of(request.tenant.id);
    let drawn = lifetimes::access_token(&mut random.stream("access-token-lifetime"));
    request.tenant.policies.access_token_lifetime(resource.client_id).unwrap_or(drawn)
}

/// How long an ID token for a client lives.
pub(crate) fn id_token_lifetime(request: &TokenRequest<'_>) -> Span {
    let client = request.client.application.client_id;
    request.tenant.policies.access_token_lifetime(client).unwrap_or(lifetimes::ID_TOKEN)
}
