//! The verdict on a credential after an event that did not happen.

use outlive_clock::Span;
use outlive_rules::{Event, Presented, Question, Scope, Verdict};
use serde::{Deserialize, Serialize};

/// An event that could happen: a row of the revocation table, or a change of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Possible {
    Row(Event),
    AccountDisabled,
    UserDeleted,
}

/// The verdict after an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct After {
    /// The name of the event, as it was asked.
    pub event: String,
    /// The event as a clause: "the user changed the password".
    pub words: String,
    /// The verdict on a use of the credential after it.
    pub verdict: Verdict,
}

impl Possible {
    /// The event of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "account_disabled" => Some(Self::AccountDisabled),
            "user_deleted" => Some(Self::UserDeleted),
            row => row.parse().ok().map(Self::Row),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Row(event) => event.name(),
            Self::AccountDisabled => "account_disabled",
            Self::UserDeleted => "user_deleted",
        }
    }

    const fn clause(self) -> &'static str {
        match self {
            Self::Row(event) => event.clause(),
            Self::AccountDisabled => "the account was disabled",
            Self::UserDeleted => "the user was deleted",
        }
    }

    /// Decides about a use of the credential one second after the event, which happens one second
    /// after the question.
    pub(crate) fn then(self, question: &Question) -> After {
        let happens = question.at + Span::from_seconds(1);
        let mut asked = question.clone();
        asked.at = happens + Span::from_seconds(1);
        match self {
            Self::AccountDisabled => {
                asked.user.enabled = false;
                asked.user.disabled_at = Some(happens);
            }
            Self::UserDeleted => {
                asked.user.deleted = true;
                asked.user.deleted_at = Some(happens);
            }
            Self::Row(event) if event.scope() == Scope::User => {
                asked.user.events.record(event, happens);
            }
            Self::Row(_) => match &mut asked.presented {
                Presented::Cookie(facts) => facts.signed_out_at = Some(happens),
                Presented::RefreshToken(facts) => facts.session_signed_out_at = Some(happens),
                Presented::Assertion(facts) => facts.session_signed_out_at = Some(happens),
                _ => {}
            },
        }
        let (event, words) = (self.name().to_owned(), self.clause().to_owned());
        After { event, words, verdict: asked.decide() }
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::Instant;
    use outlive_rules::{
        AccessTokenFacts, ClientClass, Edition, RefreshTokenFacts, RevocationEvents, Ruleset, UserFacts,
    };

    use super::*;

    const NOW: Instant = Instant::from_seconds(1_767_600_000);

    fn question(presented: Presented) -> Question {
        let user = UserFacts::in_good_standing(RevocationEvents::none());
        Question { presented, user, rules: Ruleset::published(Edition::E2025_11), at: NOW }
    }

    fn refresh_token(client_class: ClientClass) -> Question {
        question(Presented::RefreshToken(RefreshTokenFacts {
            client_class,
            password_based: true,
            spa: false,
            family_issued_at: NOW - Span::from_hours(1),
            issued_at: NOW - Span::from_hours(1),
            session_signed_out_at: None,
            presented_by_its_client: true,
            origin: Default::default(),
            second_factor: Default::default(),
            rotation: Default::default(),
            conditional_access: Default::default(),
        }))
    }

    #[test]
    fn each_event_is_decided_by_the_rules() {
        let access_token = question(Presented::AccessToken(AccessTokenFacts {
            valid_from: NOW - Span::from_minutes(5),
            expires_at: NOW + Span::from_hours(1),
            evaluated: false,
        }));
        let (public, confidential) =
            (refresh_token(ClientClass::Public), refresh_token(ClientClass::Confidential));
        for (question, event, is_accepted) in [
            (&public, "password_changed_by_user", false),
            (&confidential, "password_changed_by_user", true),
            (&confidential, "admin_reset_entra_admin_center", false),
            (&confidential, "admin_reset_azure_portal", true),
            (&confidential, "admin_revokes", false),
            (&confidential, "account_disabled", false),
            (&confidential, "user_deleted", false),
            (&public, "single_sign_out", true),
            (&access_token, "admin_revokes", true),
            (&access_token, "account_disabled", true),
        ] {
            let after = Possible::named(event).expect("an event").then(question);
            assert_eq!((after.event.as_str(), after.verdict.is_accepted()), (event, is_accepted));
        }
        assert_eq!(Possible::named("rain"), None);
    }
}
