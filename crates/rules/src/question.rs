//! Questions to the rules, as data that can be stored and evaluated again with changed facts.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::{
    AccessTokenFacts, AssertionFacts, CodeFacts, CookieFacts, DeviceCodeFacts, PasswordFacts,
    RefreshTokenFacts, Ruleset, UserFacts, Verdict, access_token, code, cookie, device_code, on_behalf_of,
    password, refresh_token,
};

/// The presented artifact with its facts. It contains no secret and no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presented {
    /// A browser session at the identity provider.
    Cookie(CookieFacts),
    /// An authorization code.
    Code(CodeFacts),
    /// A refresh token.
    RefreshToken(RefreshTokenFacts),
    /// An access token, at its resource.
    AccessToken(AccessTokenFacts),
    /// A verified password, at the token endpoint.
    Password(PasswordFacts),
    /// A device code.
    DeviceCode(DeviceCodeFacts),
    /// An assertion of the on-behalf-of flow.
    Assertion(AssertionFacts),
}

/// Whether an artifact of a user is accepted under given rules at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The presented artifact.
    pub presented: Presented,
    /// The user.
    pub user: UserFacts,
    /// The rules of the tenant.
    pub rules: Ruleset,
    /// The instant (virtual time).
    pub at: Instant,
}

impl Question {
    /// Decides the question with the functions that the endpoints use.
    #[must_use]
    pub fn decide(&self) -> Verdict {
        let Self { presented, user, rules, at } = self;
        match presented {
            Presented::Cookie(facts) => cookie::decide(facts, user, rules, *at),
            Presented::Code(facts) => code::decide(facts, user, rules, *at),
            Presented::RefreshToken(facts) => refresh_token::decide(facts, user, rules, *at),
            Presented::AccessToken(facts) => access_token::decide(facts, user, rules, *at),
            Presented::Password(facts) => password::decide(facts, user, rules, *at),
            Presented::DeviceCode(facts) => device_code::decide(facts, Some(user), rules, *at),
            Presented::Assertion(facts) => on_behalf_of::decide(facts, user, rules, *at),
        }
    }
}
