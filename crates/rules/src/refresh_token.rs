//! Redemption of refresh tokens. [`decide`] contains the complete order of checks.

use outlive_clock::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::cut_off::{Holding, cut_offs, entra_instant, outlived};
use crate::fact::Fact;
use crate::origin::{RequestOrigin, origin};
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::user::user_state;
use crate::verdict::{Artefact, Verdict};
use crate::{
    ClientClass, Credential, RotationFacts, Ruleset, SecondFactorFacts, UserFacts,
    conditional_access::AccessFacts, lifetimes,
};

/// The facts about a refresh token and its redemption.
///
/// Application, resource and storage of the token are absent, because they do not affect the
/// decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenFacts {
    /// The client's class when the family was minted.
    pub client_class: ClientClass,
    /// Whether the user signed in with a password.
    pub password_based: bool,
    /// Whether it was minted through a redirect URI of type `spa`.
    pub spa: bool,
    /// When the first token of its family was minted (virtual): the instant of the grant.
    pub family_issued_at: Instant,
    /// When this token was minted (virtual). A use mints a replacement and does not change the
    /// token.
    pub issued_at: Instant,
    /// When its browser session was signed out (virtual), if it was.
    pub session_signed_out_at: Option<Instant>,
    /// Whether it is presented by the client to which it was issued.
    pub presented_by_its_client: bool,
    /// The origin of the request.
    #[serde(default)]
    pub origin: RequestOrigin,
    /// Whether the user signed in with MFA, and whether it is required now.
    pub second_factor: SecondFactorFacts,
    /// Its uses, under strict rotation.
    #[serde(default)]
    pub rotation: RotationFacts,
    /// The requirements of Conditional Access.
    #[serde(default)]
    pub conditional_access: AccessFacts,
}

impl RefreshTokenFacts {
    /// The column of the table.
    #[must_use]
    pub const fn credential(&self) -> Credential {
        Credential::token(self.client_class, self.password_based)
    }

    /// When it expires (virtual): for `spa` counted from the first token of the family, otherwise
    /// from its own issue.
    #[must_use]
    pub fn good_until(&self) -> Instant {
        if self.spa {
            lifetimes::end_of_spa_family(self.family_issued_at)
        } else {
            self.issued_at + lifetimes::REFRESH_TOKEN_INACTIVITY
        }
    }

    fn holding(&self) -> Holding {
        Holding {
            credential: self.credential(),
            granted_at: self.family_issued_at,
            issued_at: self.issued_at,
            signed_out_at: self.session_signed_out_at,
        }
    }
}

/// Decides whether the token can be redeemed at `now` (virtual).
///
/// Entra's order of checks is not documented; this is the most defensible one. Tenant, client,
/// client authentication and decryption are checked before; assignment, consent and resource after,
/// because they depend on the request and not on the token.
#[must_use]
pub fn decide(token: &RefreshTokenFacts, user: &UserFacts, rules: &Ruleset, now: Instant) -> Verdict {
    let holding = token.holding();
    let refusal = its_client(token)
        .or_else(|| user_state(user))
        .or_else(|| cut_offs(&holding, user, rules, aadsts::FRESH_TOKEN_NEEDED))
        .or_else(|| expiry(token, now))
        .or_else(|| token.rotation.refusal(rules, now))
        .or_else(|| origin(token.spa, token.origin))
        .or_else(|| token.conditional_access.block())
        .or_else(|| token.second_factor.refusal())
        .or_else(|| sign_in_frequency(token, now));
    match refusal {
        Some(refusal) => Verdict::refused(Artefact::RefreshToken, rules, now, refusal),
        None => {
            let mut facts = vec![
                Fact::new("granted_at", token.family_issued_at),
                Fact::new("issued_at", token.issued_at),
                Fact::new("good_until", token.good_until()),
                Fact::new("client_class", token.client_class.name()),
                Fact::new("password_based", token.password_based),
                Fact::new("spa", token.spa),
                Fact::new("column", holding.credential),
            ];
            facts.extend(outlived(&holding, &user.events));
            Verdict::accepted(Artefact::RefreshToken, Source::table(rules.edition()), rules, now, facts)
        }
    }
}

/// The sign-in frequency does not apply to a confidential client without the user ("Conditional
/// Access adaptive session lifetime policies").
fn sign_in_frequency(token: &RefreshTokenFacts, now: Instant) -> Option<Refusal> {
    match token.client_class {
        ClientClass::Public => token.conditional_access.frequency(now),
        ClientClass::Confidential => None,
    }
}

fn its_client(token: &RefreshTokenFacts) -> Option<Refusal> {
    (!token.presented_by_its_client).then(|| {
        let error = aadsts::GRANT_OF_ANOTHER_CLIENT;
        Refusal::new(Rule::OfAnotherClient, Some(error), Source::REFRESH_TOKEN_LIFETIME)
            .fact("presented_by_its_client", false)
    })
}

fn expiry(token: &RefreshTokenFacts, now: Instant) -> Option<Refusal> {
    let good_until = token.good_until();
    if now < good_until {
        return None;
    }
    let (rule, code, lifetime) = if token.spa {
        (Rule::FixedLifetimeOver, aadsts::SPA_TOKEN_EXPIRED, lifetimes::SPA_REFRESH_TOKEN)
    } else {
        (Rule::Inactive, aadsts::TOKEN_INACTIVE, lifetimes::REFRESH_TOKEN_INACTIVITY)
    };
    Some(
        Refusal::new(rule, Some(code), Source::REFRESH_TOKEN_LIFETIME)
            .fact("family_issued_at", token.family_issued_at)
            .fact("last_used_at", token.issued_at)
            .fact(if token.spa { "lifetime" } else { "inactivity" }, in_words(lifetime))
            .fact("good_until", good_until)
            .param("issued", entra_instant(if token.spa { token.family_issued_at } else { token.issued_at }))
            .param("lifetime", lifetime.to_dotnet()),
    )
}

/// Formats a lifetime of whole days, hours or minutes.
pub(crate) fn in_words(span: Span) -> String {
    let minutes = span.as_seconds() / 60;
    match (minutes / 1440, minutes % 1440 / 60, minutes % 60) {
        (1, 0, 0) => "24 hours".to_owned(),
        (days, 0, 0) => format!("{days} days"),
        (0, hours, 0) => format!("{hours} hours"),
        _ => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_written_in_their_largest_whole_unit() {
        for (minutes, words) in [
            (10, "10 minutes"),
            (600, "10 hours"),
            (1_440, "24 hours"),
            (1_500, "1500 minutes"),
            (1_530, "1530 minutes"),
            (129_600, "90 days"),
        ] {
            assert_eq!(in_words(Span::from_minutes(minutes)), words);
        }
    }
}
