//! Redemption of authorization codes.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::cut_off::{Holding, cut_offs, outlived};
use crate::fact::Fact;
use crate::origin::{RequestOrigin, origin};
use crate::refresh_token::in_words;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::user::user_state;
use crate::verdict::{Artefact, Verdict};
use crate::{ClientClass, Credential, Ruleset, UserFacts, conditional_access::AccessFacts, lifetimes};

/// The result of PKCE verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofKey {
    /// The authorization request had no code challenge.
    NotAsked,
    /// The code verifier matches.
    Proven,
    /// The authorization request had a code challenge, and the code verifier is missing.
    Missing,
    /// The code verifier does not match.
    Wrong,
}

/// The facts about an authorization code and its redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFacts {
    /// When it was issued (virtual).
    pub issued_at: Instant,
    /// When it was redeemed (virtual), if it was.
    pub redeemed_at: Option<Instant>,
    /// The class of the redeeming client, and so of the grant.
    pub client_class: ClientClass,
    /// Whether the user signed in with a password.
    pub password_based: bool,
    /// Whether it was issued to a redirect URI of type `spa`.
    pub spa: bool,
    /// Whether it is presented by the client to which it was issued.
    pub presented_by_its_client: bool,
    /// The origin of the request.
    #[serde(default)]
    pub origin: RequestOrigin,
    /// The result of PKCE verification.
    pub proof_key: ProofKey,
    /// The requirements of Conditional Access.
    #[serde(default)]
    pub conditional_access: AccessFacts,
}

impl CodeFacts {
    /// When it expires (virtual).
    #[must_use]
    pub fn good_until(&self) -> Instant {
        self.issued_at + lifetimes::AUTHORIZATION_CODE
    }
}

/// Decides whether the code can be redeemed at `now` (virtual).
///
/// A code issued before an event that would revoke the resulting grant is rejected, so that no
/// grant is minted from a revoked sign-in (inferred; not documented).
#[must_use]
pub fn decide(code: &CodeFacts, user: &UserFacts, rules: &Ruleset, now: Instant) -> Verdict {
    let holding = Holding {
        credential: Credential::token(code.client_class, code.password_based),
        granted_at: code.issued_at,
        issued_at: code.issued_at,
        signed_out_at: None,
    };
    let refusal = its_client(code)
        .or_else(|| used_before(code))
        .or_else(|| user_state(user))
        .or_else(|| cut_offs(&holding, user, rules, aadsts::FRESH_TOKEN_NEEDED))
        .or_else(|| expiry(code, now))
        .or_else(|| origin(code.spa, code.origin))
        .or_else(|| proof_key(code))
        .or_else(|| code.conditional_access.block());
    match refusal {
        Some(refusal) => Verdict::refused(Artefact::Code, rules, now, refusal),
        None => {
            let mut facts = vec![
                Fact::new("granted_at", code.issued_at),
                Fact::new("good_until", code.good_until()),
                Fact::new("client_class", code.client_class.name()),
                Fact::new("password_based", code.password_based),
                Fact::new("column", holding.credential),
            ];
            facts.extend(outlived(&holding, &user.events));
            Verdict::accepted(Artefact::Code, Source::CODE_FLOW, rules, now, facts)
        }
    }
}

fn its_client(code: &CodeFacts) -> Option<Refusal> {
    (!code.presented_by_its_client).then(|| {
        Refusal::new(Rule::OfAnotherClient, Some(aadsts::INVALID_GRANT), Source::CODE_FLOW)
            .fact("presented_by_its_client", false)
    })
}

fn used_before(code: &CodeFacts) -> Option<Refusal> {
    code.redeemed_at.map(|at| {
        Refusal::new(Rule::CodeRedeemed, Some(aadsts::CODE_REDEEMED), Source::CODE_FLOW)
            .fact("redeemed_at", at)
    })
}

fn expiry(code: &CodeFacts, now: Instant) -> Option<Refusal> {
    (now >= code.good_until()).then(|| {
        Refusal::new(Rule::CodeExpired, Some(aadsts::CODE_EXPIRED), Source::CODE_FLOW)
            .fact("granted_at", code.issued_at)
            .fact("lifetime", in_words(lifetimes::AUTHORIZATION_CODE))
            .fact("good_until", code.good_until())
    })
}

fn proof_key(code: &CodeFacts) -> Option<Refusal> {
    let (rule, error) = match code.proof_key {
        ProofKey::Missing => (Rule::CodeVerifierMissing, aadsts::CODE_VERIFIER_MISSING),
        ProofKey::Wrong => (Rule::ProofKeyWrong, aadsts::PROOF_KEY_WRONG),
        ProofKey::NotAsked if code.spa => (Rule::ProofKeyMissing, aadsts::PROOF_KEY_REQUIRED),
        ProofKey::NotAsked | ProofKey::Proven => return None,
    };
    Some(Refusal::new(rule, Some(error), Source::CODE_FLOW).fact("spa", code.spa))
}
