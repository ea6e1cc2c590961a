//! Continuous access evaluation in token requests: the `claims` parameter, and the lifetime of
//! tokens for CAE-enabled resources.

use outlive_clock::{Instant, Span};
use outlive_rules::{aadsts, lifetimes};
use outlive_tokens::ClaimsRequest;
use outlive_tokens::claims::AccessSubject;

use super::endpoint::TokenRequest;
use super::lifetime::access_token_lifetime;
use super::mint::AccessTokenOrder;
use super::user_claims::{TokenKind, optional_claims};
use crate::directory::Application;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;

/// Accepted clock skew of a resource that requests a minimum issue time.
const AHEAD_MAX: Span = Span::from_minutes(5);

/// Parses the `claims` parameter; empty if it is absent.
pub(crate) fn parse_claims(parameters: &Parameters) -> Result<ClaimsRequest, Refusal> {
    match parameters.get("claims") {
        None => Ok(ClaimsRequest::default()),
        Some(text) => ClaimsRequest::parse(text)
            .map_err(|_| Refusal::new(aadsts::MALFORMED_GRANT).with("name", "claims")),
    }
}

/// Refuses a minimum issue time in the future.
pub(super) fn check_age(claims: &ClaimsRequest, now: Instant) -> Result<(), Refusal> {
    match claims.not_before {
        Some(asked) if asked > now + AHEAD_MAX => {
            Err(Refusal::new(aadsts::PARAMETER_INVALID).with("name", "claims"))
        }
        _ => Ok(()),
    }
}

/// Returns the client capabilities for `xms_cc`, if the resource requests that claim ("Claims
/// challenges, claims requests, and client capabilities").
pub(super) fn capabilities(claims: &ClaimsRequest, resource: &Application) -> Option<Vec<String>> {
    let included =
        claims.can_be_challenged && optional_claims(resource, TokenKind::Access).contains("xms_cc");
    included.then(|| vec!["cp1".to_owned()])
}

/// Returns whether a token is CAE-enabled: for a user, a CAE-enabled resource and a CAE-capable
/// client.
pub(super) fn is_cae_enabled(order: &AccessTokenOrder<'_>, capabilities: Option<&Vec<String>>) -> bool {
    let of_user = matches!(order.subject, AccessSubject::User { .. });
    of_user && capabilities.is_some() && order.resource.document.continuous_access_evaluation
}

/// Returns the lifetime of a new access token, which is longer for CAE-enabled tokens.
pub(super) fn lifetime(request: &TokenRequest<'_>, resource: &Application, evaluated: bool) -> Span {
    let random = request.idp.chassis.random.of(request.tenant.id);
    if evaluated {
        lifetimes::evaluated_access_token(&mut random.stream("evaluated-access-token-lifetime"))
    } else {
        access_token_lifetime(request, resource)
    }
}

/// Returns `refresh_in`, when the client should proactively refresh: half the lifetime of a
/// long-lived token.
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
