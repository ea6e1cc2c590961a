//! The state of a user in the directory.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::event::RevocationEvents;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;

/// The state of the credential's user at the time of the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFacts {
    /// Whether the directory has or had this user.
    pub known: bool,
    /// Whether the user was deleted and can still be restored.
    pub deleted: bool,
    /// Whether the account is enabled (`accountEnabled`).
    pub enabled: bool,
    /// When the account was last disabled (virtual), even if enabled since. It matters only with
    /// the tenant's switch `disable_revokes` and for CAE-enabled access tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Instant>,
    /// When the user was last deleted (virtual), even if restored since. It matters only for
    /// CAE-enabled access tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Instant>,
    /// When MFA was last newly required of the user (virtual), even if it no longer is. It matters
    /// only for CAE-enabled access tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor_required_at: Option<Instant>,
    /// The credential events of the user (virtual time).
    pub events: RevocationEvents,
}

impl UserFacts {
    /// An enabled user with these events.
    #[must_use]
    pub fn in_good_standing(events: RevocationEvents) -> Self {
        Self { known: true, enabled: true, events, ..Self::unknown() }
    }

    /// A user whom the directory does not know.
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

/// Refuses every credential of a user who is unknown, deleted or disabled.
///
/// Disabling an account moves no cutoff: once it is enabled, its valid grants work again.
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
