//! Whether a password that is right gets its owner a grant at the token endpoint.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::fact::Fact;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::user::user_state;
use crate::verdict::{Artefact, Verdict};
use crate::{
    ClientClass, Credential, Ruleset, SecondFactorFacts, UserFacts, conditional_access::AccessFacts,
};

/// The facts about a verified password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordFacts {
    /// The class of the client, and so of the grant.
    pub client_class: ClientClass,
    /// Whether it is expired, or temporary and must be changed at the next sign-in.
    pub change_due: bool,
    /// Whether MFA is required, which the token endpoint cannot perform.
    pub second_factor: SecondFactorFacts,
    /// The requirements of Conditional Access.
    #[serde(default)]
    pub conditional_access: AccessFacts,
}

/// Decides whether the password grant succeeds at `now` (virtual).
///
/// The password is verified first, so that a caller without it learns nothing about the account.
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
