//! Tokens of managed identities: a flow gives the hub one for the data source with each call,
//! beside the token with which it calls the hub. The connection stores none.
//!
//! The back end checks for what the token is. The hub checks that it is one of a managed identity:
//! a caller who mistakes the header would hand the token of a user to the back end.

use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use outlive_chassis::Trace;
use outlive_tokens::{BearerExpectations, BearerRefusal, Secret, bearer_token, peek_audience};
use outlive_wire::managed_identity::SOURCE_AUTHORIZATION;

use super::admission::Admitted;
use super::refusal::RuntimeRefusal;
use crate::Hub;
use crate::credential::SourceToken;

/// Returns the token that the caller gave for the data source.
pub(super) async fn given_token(
    hub: &Hub,
    admitted: &Admitted,
    headers: &HeaderMap,
    trace: &Trace,
) -> Result<SourceToken, RuntimeRefusal> {
    let given = headers.get_all(SOURCE_AUTHORIZATION).iter();
    let alone = HeaderMap::from_iter(given.map(|value| (AUTHORIZATION, value.clone())));
    let token = bearer_token(&alone).map_err(|error| match error {
        BearerRefusal::Missing => RuntimeRefusal::new(
            StatusCode::UNAUTHORIZED,
            "The connection uses the managed identity of the flow that calls, and the call has no token of one. Call it from \
             a flow with an identity, whose connection reference has connectionProperties.authentication of the type \
             ManagedServiceIdentity.",
        ),
        other => refused(&other),
    })?;
    let audience = [peek_audience(token).unwrap_or_default()];
    let tenant = admitted.loaded.connection().tenant;
    let expected = BearerExpectations { tenant, audiences: &audience, now: admitted.now };
    let claims = hub.verifier.verify(&expected, token, trace).await.map_err(|refusal| refused(&refusal))?;
    if claims.managed_identity.is_none() {
        return Err(RuntimeRefusal::new(
            StatusCode::UNAUTHORIZED,
            "The connection uses the managed identity of the flow that calls, and the token of the call is not one of a \
             managed identity.",
        ));
    }
    Ok(SourceToken::new(Secret::new(token)))
}

fn refused(refusal: &BearerRefusal) -> RuntimeRefusal {
    RuntimeRefusal::new(
        refusal.status(),
        format!("The token of the managed identity is invalid: {refusal}. It was not sent to the back end."),
    )
}
