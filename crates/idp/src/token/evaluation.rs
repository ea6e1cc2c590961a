//! Continuous access evaluation as far as a token request has to do with it: what the client asks for in its `claims` parameter,
//! and how long a token lives that its resource evaluates.

use outlive_clock::{Instant, Span};
use outlive_rules::{aadsts, lifetimes};
use outlive_tokens::ClaimsRequest;
use outlive_tokens::claims::AccessSubject;

use super::endpoint::TokenRequest;
use super::lifetime::access_token_lifetime;
use super::mint::AccessTokenOrder;
use super::told::{For, optional_claims};
use crate::directory::Application;
use crate::form::Parameters;
use crate::refusal::Refusal;

/// How far a resource's clock may be ahead of ours when it says how old a token may be at most.
const AHEAD_MAX: Span = Span::from_minutes(5);

/// What the `claims` parameter asks for; nothing if it is not there.
pub(crate) fn asked_claims(parameters: &Parameters) -> Result<ClaimsRequest, Refusal> {
    match parameters.get("claims") {
        None => Ok(ClaimsRequest::default()),
        Some(text) => ClaimsRequest::parse(text)
            .map_err(|_| Refusal::new(aadsts::MALFORMED_GRANT).with("name", "claims")),
    }
}

/// Refuses to promise a token that is younger than now: none can be had.
pub(super) fn check_age(claims: &ClaimsRequest, now: Instant) -> Result<(), Refusal> {
    match claims.not_before {
        Some(asked) if asked > now + AHEAD_MAX => {
            Err(Refusal::new(aadsts::PARAMETER_INVALID).with("name", "claims"))
        }
        _ => Ok(()),
    }
}

/// The capabilities that a token repeats: those of the client, to a resource that asked to be told ("Claims challenges, claims
/// requests, and client capabilities").
pub(super) fn capabilities(claims: &ClaimsRequest, resource: &Application) -> Option<Vec<String>> {
    let told = claims.can_be_challenged && optional_claims(resource, For::Resource).contains("xms_cc");
    told.then(|| vec!["cp1".to_owned()])
}

/// Whether a resource hears of what happens to the user of the token, and can ask the client for a fresh one.
pub(super) fn evaluated(order: &AccessTokenOrder<'_>, capabilities: Option<&Vec<String>>) -> bool {
    let of_user = matches!(order.subject, AccessSubject::User { .. });
    of_user && capabilities.is_some() && order.resource.document.continuous_access_evaluation
}

/// How long a new access token lives: long, where its resource evaluates it.
pub(super) fn lifetime(request: &TokenRequest<'_>, resource: &Application, evaluated: bool) -> Span {
    let random = request.idp.chassis.random.of(request.tenant.id);
    if evaluated {
        lifetimes::evaluated_access_token(&mut random.stream("evaluated-access-token-lifetime"))
    } else {
        access_token_lifetime(request, resource)
    }
}

/// When a client had better come for the next token, so that it never waits for one: after half the life of one that lives long.
pub(super) fn refresh_in(expires_in: Span) -> Option<Span> {
    (expires_in > lifetimes::ACCESS_TOKEN_LONGEST).then(|| Span::from_seconds(expires_in.as_seconds() / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_lives_are_halved() {
        assert_eq!(refresh_in(Span::from_minutes(90)), None);
        assert_eq!(refresh_in(Span::from_hours(24)), Some(Span::from_hours(12)));
    }

    #[test]
    fn an_age_within_the_tolerance_can_be_promised() {
        let now = Instant::from_seconds(1_000);
        let asked = |seconds| ClaimsRequest {
            not_before: Some(now + Span::from_seconds(seconds)),
            ..Default::default()
        };
        assert!(check_age(&asked(300), now).is_ok() && check_age(&ClaimsRequest::default(), now).is_ok());
        assert_eq!(
            check_age(&asked(301), now).map_err(|refusal| refusal.error),
            Err(aadsts::PARAMETER_INVALID)
        );
    }
}
