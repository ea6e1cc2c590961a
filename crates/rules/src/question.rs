//! A question that was asked of the rules, as data: it can be kept, and asked again with a fact changed.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::{
    AccessTokenFacts, AssertionFacts, CodeFacts, CookieFacts, DeviceCodeFacts, PasswordFacts,
    RefreshTokenFacts, Ruleset, UserFacts, Verdict, access_token, code, cookie, device_code, on_behalf_of,
    password, refresh_token,
};

/// What is judged, with all that is known of it. It holds no secret and no token.
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
    /// A password that is right, at the token endpoint.
    Password(PasswordFacts),
    /// A device code.
    DeviceCode(DeviceCodeFacts),
    /// An access token that its own audience presents to act on behalf of the user.
    Assertion(AssertionFacts),
}

/// Whether something works: of whom, under which rules, at which instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is judged.
    pub presented: Presented,
    /// What the directory knows of the user.
    pub user: UserFacts,
    /// The rules of the tenant.
    pub rules: Ruleset,
    /// When (virtual time).
    pub at: Instant,
}

impl Question {
    /// The answer: the same function that the endpoints ask.
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
