//! What the directory knows of a user, and whether that alone refuses them.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::event::RevocationEvents;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;

/// What the directory knows of the user whom a credential belongs to, at the moment of the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFacts {
    /// The directory has, or had, such a user.
    pub known: bool,
    /// The user was deleted, and the directory still remembers the object.
    pub deleted: bool,
    /// The account may sign in (`accountEnabled`).
    pub enabled: bool,
    /// When the account was last disabled (virtual), whether or not it is enabled again. It matters only where the tenant's
    /// switch `disable_revokes` says so, and to access tokens that are evaluated continuously.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Instant>,
    /// When the user was last deleted (virtual), whether or not restored since. It matters only to access tokens that are evaluated
    /// continuously.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Instant>,
    /// When a second factor was last newly required of the user (virtual), whether or not it still is. It matters only to access
    /// tokens that are evaluated continuously.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor_required_at: Option<Instant>,
    /// What happened to the user's credentials, and when (virtual time).
    pub events: RevocationEvents,
}

impl UserFacts {
    /// A user in good standing, to whom `events` happened.
    #[must_use]
    pub fn in_good_standing(events: RevocationEvents) -> Self {
        Self { known: true, enabled: true, events, ..Self::unknown() }
    }

    /// A user of whom the directory has never heard.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            known: false,
            deleted: false,
            enabled: false,
            disabled_at: None,
            deleted_at: None,
            second_factor_required_at: None,
            events: RevocationEvents::none(),
        }
    }
}

/// Refuses everything of a user who is unknown, deleted or disabled, whatever the client's class.
///
/// Disabling is looked up each time and moves no cut-off: enable the account and what survived works again.
pub(crate) fn user_state(user: &UserFacts) -> Option<Refusal> {
    if !user.known {
        return Some(
            Refusal::new(Rule::UserUnknown, Some(aadsts::USER_NOT_FOUND), Source::ERROR_CODES)
                .fact("user_known", false),
        );
    }
    if user.deleted {
        return Some(
            Refusal::new(Rule::UserDeleted, Some(aadsts::USER_DELETED), Source::ERROR_CODES)
                .fact("user_deleted", true),
        );
    }
    (!user.enabled).then(|| {
        Refusal::new(Rule::UserDisabled, Some(aadsts::USER_DISABLED), Source::REVOKE_ACCESS)
            .fact("user_enabled", false)
    })
}
