//! A token request, as plain data.

use std::net::IpAddr;

use outlive_chassis::Trace;
use outlive_clock::{Instant, Span};
use outlive_rules::{RequestOrigin, aadsts};
use outlive_tokens::{ClaimsRequest, SealedRefreshToken, TokenVersion};

use super::client_authentication::AuthenticatedClient;
use crate::directory::Tenant;
use crate::idp::Idp;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;

/// A token request of an authenticated client.
pub(crate) struct TokenRequest<'a> {
    pub(crate) idp: &'a Idp,
    pub(crate) tenant: Tenant,
    pub(crate) client: AuthenticatedClient,
    pub(crate) form: &'a Parameters,
    /// The content of the refresh token in the form, if it is one.
    pub(crate) refresh_token: Option<&'a SealedRefreshToken>,
    pub(crate) claims: ClaimsRequest,
    /// The version of the endpoint; the version of access tokens is the resource's choice.
    pub(crate) endpoint: TokenVersion,
    pub(crate) origin: &'a str,
    /// The page that sent the request, if a browser did.
    pub(crate) page: RequestOrigin,
    /// Front-channel issuance (implicit or hybrid flow), which is not a token endpoint request.
    pub(crate) front_channel: bool,
    pub(crate) address: IpAddr,
    pub(crate) now: Instant,
    pub(crate) trace: &'a Trace,
}

impl TokenRequest<'_> {
    pub(super) fn parameter(&self, name: &'static str) -> Result<&str, Refusal> {
        self.form.get(name).ok_or_else(|| Refusal::missing(name))
    }
}

/// Accepted clock skew of a resource that requests a minimum issue time.
const AHEAD_MAX: Span = Span::from_minutes(5);

/// Parses the `claims` parameter; empty if it is absent.
pub(crate) fn parse_claims(parameters: &Parameters) -> Result<ClaimsRequest, Refusal> {
    match parameters.get("claims") {
        None => Ok(ClaimsRequest::default()),
        Some(text) => ClaimsRequest::parse(text)
            .ok()
            .ok_or_else(|| Refusal::new(aadsts::MALFORMED_GRANT).with("name", "claims")),
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

#[cfg(test)]
mod tests {
    use super::*;

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
