//! What can happen to a user's credentials, and the memory of when it last did.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

/// A kind of event that the published table has (or had) a row for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The password reached its maximum age.
    PasswordExpires,
    /// The user changed the password, knowing the old one.
    PasswordChangedByUser,
    /// The user reset a forgotten password (self-service password reset).
    Sspr,
    /// An administrator reset the password; the channel is not known or does not matter in the edition.
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

/// Whose credentials an event acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything the user was granted before it.
    User,
    /// Only what belongs to the one browser session in which it happened.
    BrowserSession,
}

/// The text names no row of any edition.
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

    /// What happened, as a clause: "the user changed the password".
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

    /// Whose credentials it acts on. Signing out ends one browser session; everything else is about the user.
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
/// As JSON an object, `{"password_changed_by_user":"2026-01-05T12:00:00Z"}`: small, and enough to decide every cell of
/// every edition, because a cut-off only ever moves forward. What belongs to one browser session is not the user's and
/// is not kept here: its session keeps it ([`CookieFacts::signed_out_at`](crate::CookieFacts)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RevocationEvents(BTreeMap<Event, Instant>);

impl RevocationEvents {
    /// Nothing has happened yet.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Remembers that `event` happened at `at` (virtual). An earlier instant than the one known changes nothing.
    ///
    /// An event of a browser session is not recorded here, and the answer says so: `false`.
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

    /// What has happened to the user, latest first; within one instant in the order of the table.
    #[must_use]
    pub fn latest_first(&self) -> Vec<(Event, Instant)> {
        let mut events: Vec<_> =
            self.0.iter().filter(|(e, _)| e.scope() == Scope::User).map(|(e, at)| (*e, *at)).collect();
        events.sort_by(|(_, a), (_, b)| b.cmp(a));
        events
    }
}
