//! Whether an access token that came to an API lets the API act on behalf of its user.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::cut_off::{Holding, cut_offs, outlived};
use crate::fact::Fact;
use crate::refusal::Refusal;
use crate::source::Source;
use crate::user::user_state;
use crate::verdict::{Artefact, Verdict};
use crate::{
    ClientClass, Credential, Ruleset, SecondFactorFacts, UserFacts, conditional_access::AccessFacts,
};

/// What is known of an access token whose signature, issuer, audience and time were found right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertionFacts {
    /// When it was issued (virtual).
    pub issued_at: Instant,
    /// When its time is over (virtual).
    pub expires_at: Instant,
    /// Whether the user signed in with a password, according to the assertion.
    pub password_based: bool,
    /// When its browser session was signed out (virtual), if it was.
    pub session_signed_out_at: Option<Instant>,
    /// The requirements of Conditional Access.
    #[serde(default)]
    pub conditional_access: AccessFacts,
    /// The facts about MFA.
    #[serde(default)]
    pub second_factor: SecondFactorFacts,
}

/// Decides whether the API receives tokens for the user at `now` (virtual).
///
/// The API authenticates, so the grant is a confidential client's, whichever client obtained the
/// assertion. An assertion issued before an event that would revoke the resulting grant is
/// rejected, so that no grant is minted from a revoked sign-in (inferred; not documented). MFA that
/// is required now has to have been performed in that sign-in ("On-Behalf-Of flow", error response
/// example).
#[must_use]
pub fn decide(assertion: &AssertionFacts, user: &UserFacts, rules: &Ruleset, now: Instant) -> Verdict {
    let class = ClientClass::Confidential;
    let holding = Holding {
        credential: Credential::token(class, assertion.password_based),
        granted_at: assertion.issued_at,
        issued_at: assertion.issued_at,
        signed_out_at: assertion.session_signed_out_at,
    };
    let refusal: Option<Refusal> = user_state(user)
        .or_else(|| cut_offs(&holding, user, rules, aadsts::FRESH_TOKEN_NEEDED))
        .or_else(|| assertion.conditional_access.block())
        .or_else(|| assertion.second_factor.refusal());
    match refusal {
        Some(refusal) => Verdict::refused(Artefact::Assertion, rules, now, refusal),
        None => {
            let mut facts = vec![
                Fact::new("granted_at", assertion.issued_at),
                Fact::new("good_until", assertion.expires_at),
                Fact::new("client_class", class.name()),
                Fact::new("password_based", assertion.password_based),
                Fact::new("column", holding.credential),
            ];
            facts.extend(outlived(&holding, &user.events));
            Verdict::accepted(Artefact::Assertion, Source::ON_BEHALF_OF, rules, now, facts)
        }
    }
}
