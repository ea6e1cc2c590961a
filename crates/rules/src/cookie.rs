//! Browser sessions at the identity provider.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::cut_off::{Holding, cut_offs, outlived};
use crate::fact::Fact;
use crate::refresh_token::in_words;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;
use crate::user::user_state;
use crate::verdict::{Artefact, Verdict};
use crate::{Credential, Ruleset, UserFacts, conditional_access::AccessFacts, lifetimes};

/// The facts about a browser session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CookieFacts {
    /// Whether the user signed in with a password.
    pub password_based: bool,
    /// Whether it is persistent ("stay signed in").
    pub persistent: bool,
    /// When the user last authenticated in it (virtual).
    pub granted_at: Instant,
    /// When it was last used (virtual).
    pub last_used_at: Instant,
    /// When it was signed out (virtual), if it was. Signing out is an event of this session, not of
    /// the user: other browsers stay signed in.
    pub signed_out_at: Option<Instant>,
    /// The requirements of Conditional Access.
    #[serde(default)]
    pub conditional_access: AccessFacts,
}

impl CookieFacts {
    /// The column of the table.
    #[must_use]
    pub const fn credential(&self) -> Credential {
        Credential::cookie(self.password_based)
    }

    /// When it expires (virtual) if it is not used before.
    #[must_use]
    pub fn good_until(&self) -> Instant {
        self.last_used_at + lifetimes::cookie_inactivity(self.persistent)
    }
}

/// Decides whether the session signs the user in at `now` (virtual).
///
/// After a refusal, the authorization endpoint shows the sign-in page or, with `prompt=none`,
/// returns the error to the client.
#[must_use]
pub fn decide(cookie: &CookieFacts, user: &UserFacts, rules: &Ruleset, now: Instant) -> Verdict {
    let holding = Holding {
        credential: cookie.credential(),
        granted_at: cookie.granted_at,
        issued_at: cookie.granted_at,
        signed_out_at: cookie.signed_out_at,
    };
    let refusal = user_state(user)
        .or_else(|| cut_offs(&holding, user, rules, aadsts::SESSION_REVOKED))
        .or_else(|| expiry(cookie, now))
        .or_else(|| cookie.conditional_access.block())
        .or_else(|| cookie.conditional_access.frequency(now));
    match refusal {
        Some(refusal) => Verdict::refused(Artefact::Cookie, rules, now, refusal),
        None => {
            let mut facts = vec![
                Fact::new("granted_at", cookie.granted_at),
                Fact::new("good_until", cookie.good_until()),
                Fact::new("password_based", cookie.password_based),
                Fact::new("persistent", cookie.persistent),
                Fact::new("column", holding.credential),
            ];
            facts.extend(outlived(&holding, &user.events));
            Verdict::accepted(Artefact::Cookie, Source::table(rules.edition()), rules, now, facts)
        }
    }
}

fn expiry(cookie: &CookieFacts, now: Instant) -> Option<Refusal> {
    (now >= cookie.good_until()).then(|| {
        Refusal::new(Rule::Inactive, Some(aadsts::NO_SESSION), Source::SESSION_LIFETIME)
            .fact("last_used_at", cookie.last_used_at)
            .fact("inactivity", in_words(lifetimes::cookie_inactivity(cookie.persistent)))
            .fact("good_until", cookie.good_until())
    })
}
