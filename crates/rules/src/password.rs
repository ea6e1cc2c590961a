//! Whether a password that is right gets its owner a grant at the token endpoint.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::user::user_state;
use crate::verdict::{Artefact, Fact, Verdict};
use crate::{
    ClientClass, Credential, Ruleset, SecondFactorFacts, UserFacts, conditional_access::AccessFacts,
};

/// What is known of a password that was found to be the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordFacts {
    /// How the client that presents it stands: what the grant's class will be.
    pub client_class: ClientClass,
    /// Whether it is expired, or temporary and to be changed at the next sign-in.
    pub change_due: bool,
    /// Whether a second factor is required. At the token endpoint there is none.
    pub second_factor: SecondFactorFacts,
    /// What Conditional Access asks.
    #[serde(default)]
    pub conditional_access: AccessFacts,
}

/// Whether the password gets a grant at `now` (virtual). A grant made so is always based on a password.
///
/// Whoever does not know the password learns nothing of the account: that it is right was found before.
#[must_use]
pub fn decide(password: &PasswordFacts, user: &UserFacts, rules: &Ruleset, now: Instant) -> Verdict {
    let change_due = || {
        password.change_due.then(|| {
            Refusal::new(Rule::PasswordChangeDue, Some(aadsts::PASSWORD_EXPIRED), Source::PASSWORD_GRANT)
                .fact("change_due", true)
        })
    };
    match user_state(user)
        .or_else(change_due)
        .or_else(|| password.conditional_access.block())
        .or_else(|| password.second_factor.refusal())
    {
        Some(refusal) => Verdict::refused(Artefact::Password, rules, now, refusal),
        None => {
            let facts = vec![
                Fact::new("granted_at", now),
                Fact::new("good_until", now),
                Fact::new("client_class", password.client_class.name()),
                Fact::new("password_based", true),
                Fact::new("column", Credential::token(password.client_class, true)),
            ];
            Verdict::accepted(Artefact::Password, Source::PASSWORD_GRANT, rules, now, facts)
        }
    }
}
