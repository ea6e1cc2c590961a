//! Credential events, and when each last happened.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

/// An event with a row in some edition of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The password reached its maximum age.
    PasswordExpires,
    /// The user changed the password, knowing the old one.
    PasswordChangedByUser,
    /// The user reset a forgotten password (self-service password reset).
    Sspr,
    /// An administrator reset the password; the portal is unknown or irrelevant in the edition.
    AdminReset,
    /// An administrator reset the password in the Azure portal.
    AdminResetAzurePortal,
    /// An administrator reset the password in the Entra admin center.
    AdminResetEntraAdminCenter,
    /// An administrator reset the password in the Microsoft 365 admin center.
    AdminResetM365AdminCenter,
    /// The user revoked their own refresh tokens and sessions.
    UserRevokes,
    /// An administrator revoked all refresh tokens and sessions of the user.
    AdminRevokes,
    /// The user signed out of one browser session.
    SingleSignOut,
}

/// The credentials to which an event applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every earlier grant of the user.
    User,
    /// Only the grants of the browser session in which it happened.
    BrowserSession,
}

/// The text is not a row of any edition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a row of the revocation table")]
pub struct UnknownEvent {
    text: String,
}

impl Event {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 10] = [
        Self::PasswordExpires,
        Self::PasswordChangedByUser,
        Self::Sspr,
        Self::AdminReset,
        Self::AdminResetAzurePortal,
        Self::AdminResetEntraAdminCenter,
        Self::AdminResetM365AdminCenter,
        Self::UserRevokes,
        Self::AdminRevokes,
        Self::SingleSignOut,
    ];

    /// The row's name in matrices, scenario files and rulesets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PasswordExpires => "password_expires",
            Self::PasswordChangedByUser => "password_changed_by_user",
            Self::Sspr => "sspr",
            Self::AdminReset => "admin_reset",
            Self::AdminResetAzurePortal => "admin_reset_azure_portal",
            Self::AdminResetEntraAdminCenter => "admin_reset_entra_admin_center",
            Self::AdminResetM365AdminCenter => "admin_reset_m365_admin_center",
            Self::UserRevokes => "user_revokes",
            Self::AdminRevokes => "admin_revokes",
            Self::SingleSignOut => "single_sign_out",
        }
    }

    /// The event as a clause: "the user changed the password".
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::PasswordExpires => "the password expired",
            Self::PasswordChangedByUser => "the user changed the password",
            Self::Sspr => "the user reset the forgotten password",
            Self::AdminReset => "an administrator reset the password",
            Self::AdminResetAzurePortal => "an administrator reset the password in the Azure portal",
            Self::AdminResetEntraAdminCenter => {
                "an administrator reset the password in the Entra admin center"
            }
            Self::AdminResetM365AdminCenter => {
                "an administrator reset the password in the Microsoft 365 admin center"
            }
            Self::UserRevokes => "the user revoked their own sessions and refresh tokens",
            Self::AdminRevokes => "an administrator revoked the user's sessions and refresh tokens",
            Self::SingleSignOut => "the user signed out of the browser session",
        }
    }

    /// The credentials to which it applies: a sign-out to one browser session, all other events to
    /// the user.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::SingleSignOut => Scope::BrowserSession,
            _ => Scope::User,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|event| event.name() == text)
            .ok_or_else(|| UnknownEvent { text: text.chars().take(60).collect() })
    }
}

/// When each kind of event last happened to one user, by the tenant's (virtual) time.
///
/// Its JSON is an object, `{"password_changed_by_user":"2026-01-05T12:00:00Z"}`. This suffices to
/// decide every cell of every edition, because cutoffs only move forward. A sign-out is stored with
/// its session ([`CookieFacts::signed_out_at`](crate::CookieFacts)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RevocationEvents(BTreeMap<Event, Instant>);

impl RevocationEvents {
    /// No events.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Records that `event` happened at `at` (virtual). An instant earlier than the recorded one is
    /// ignored.
    ///
    /// Returns `false` for an event of a browser session, which is not recorded here.
    pub fn record(&mut self, event: Event, at: Instant) -> bool {
        if event.scope() != Scope::User {
            return false;
        }
        let last = self.0.entry(event).or_insert(at);
        *last = (*last).max(at);
        true
    }

    /// When `event` last happened.
    #[must_use]
    pub fn last(&self, event: Event) -> Option<Instant> {
        self.0.get(&event).copied()
    }

    /// The events, latest first; events of the same instant in the order of the table.
    #[must_use]
    pub fn latest_first(&self) -> Vec<(Event, Instant)> {
        let mut events: Vec<_> =
            self.0.iter().filter(|(e, _)| e.scope() == Scope::User).map(|(e, at)| (*e, *at)).collect();
        events.sort_by(|(_, a), (_, b)| b.cmp(a));
        events
    }
}
