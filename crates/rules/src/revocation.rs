//! The published revocation table, edition by edition, in the layout of the page.
//!
//! Columns one to four are for public clients; the last is for every token of a confidential
//! client, however its user signed in. From left to right: password-based cookie, password-based
//! token, non-password-based cookie, non-password-based token, confidential client token. Rows that
//! the page does not print are absent.

use Event::{
    AdminReset, AdminResetAzurePortal, AdminResetEntraAdminCenter, AdminResetM365AdminCenter, AdminRevokes,
    PasswordChangedByUser, PasswordExpires, SingleSignOut, Sspr, UserRevokes,
};
use Fate::{Alive, Revoked};

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use crate::Edition;
use crate::credential::Credential;
use crate::event::Event;

/// The value of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The credential remains valid.
    Alive,
    /// The credential is revoked.
    Revoked,
}

impl Fate {
    /// `alive` or `revoked`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Alive => "alive",
            Revoked => "revoked",
        }
    }
    /// The opposite value.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Alive => Revoked,
            Revoked => Alive,
        }
    }
}

/// One row of an edition: an event, its title on the page, and the fate of each column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The event.
    pub event: Event,
    /// The row's title on the page.
    pub title: &'static str,
    fates: [Fate; 5],
}

impl Row {
    /// The cell for `credential`, before any override.
    #[must_use]
    pub const fn fate(&self, credential: Credential) -> Fate {
        self.fates[credential as usize]
    }
}

const fn row(event: Event, title: &'static str, fates: [Fate; 5]) -> Row {
    Row { event, title, fates }
}

// "Azure Active Directory access tokens", 2018. (By mistake, the page lists a sixth cell in the two
// rows of explicit revocation. It also has "tenant" where later editions have "user".)
#[rustfmt::skip]
const E2018: [Row; 7] = [
    row(PasswordExpires,       "Password expires",                  [Alive,    Alive,    Alive,    Alive,    Alive  ]),
    row(PasswordChangedByUser, "Password changed by user",          [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(Sspr,                  "User does SSPR",                    [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(AdminReset,            "Admin resets password",             [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(UserRevokes,           "User revokes their refresh tokens", [Revoked,  Revoked,  Revoked,  Revoked,  Revoked]),
    row(AdminRevokes,          "Admin revokes all refresh tokens",  [Revoked,  Revoked,  Revoked,  Revoked,  Revoked]),
    row(SingleSignOut,         "Single sign-out on web",            [Revoked,  Alive,    Revoked,  Alive,    Alive  ]),
];

// "Refresh tokens in the Microsoft identity platform", 2 April 2021; unchanged through December
// 2022 and June 2023.
#[rustfmt::skip]
const E2021: [Row; 7] = [
    row(PasswordExpires,       "Password expires",                            [Alive,    Alive,    Alive,    Alive,    Alive  ]),
    row(PasswordChangedByUser, "Password changed by user",                    [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(Sspr,                  "User does SSPR",                              [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(AdminReset,            "Admin resets password",                       [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(UserRevokes,           "User revokes their refresh tokens",           [Revoked,  Revoked,  Revoked,  Revoked,  Revoked]),
    row(AdminRevokes,          "Admin revokes all refresh tokens for a user", [Revoked,  Revoked,  Revoked,  Revoked,  Revoked]),
    row(SingleSignOut,         "Single sign-out on web",                      [Revoked,  Alive,    Revoked,  Alive,    Alive  ]),
];

// The same page, dated 14 May 2025: the administrator's reset is split by portal.
#[rustfmt::skip]
const E2025_05: [Row; 8] = [
    row(PasswordExpires,            "Password expires",                                      [Alive,    Alive,    Alive,    Alive,    Alive  ]),
    row(PasswordChangedByUser,      "Password changed by user",                              [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(Sspr,                       "User does SSPR",                                        [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(AdminResetAzurePortal,      "Admin resets password in Azure portal",                 [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(AdminResetEntraAdminCenter, "Admin resets password in Microsoft Entra admin center", [Revoked,  Revoked,  Alive,    Revoked,  Revoked]),
    row(UserRevokes,                "User revokes their refresh tokens",                     [Revoked,  Revoked,  Revoked,  Revoked,  Revoked]),
    row(AdminRevokes,               "Admin revokes all refresh tokens for a user",           [Revoked,  Revoked,  Revoked,  Revoked,  Revoked]),
    row(SingleSignOut,              "Single sign-out",                                       [Revoked,  Alive,    Revoked,  Alive,    Alive  ]),
];

// The same page, dated 5 November 2025.
#[rustfmt::skip]
const E2025_11: [Row; 9] = [
    row(PasswordExpires,            "Password expires",                                      [Alive,    Alive,    Alive,    Alive,    Alive  ]),
    row(PasswordChangedByUser,      "Password changed by user",                              [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(Sspr,                       "User does SSPR",                                        [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(AdminResetAzurePortal,      "Admin resets password in Azure portal",                 [Revoked,  Revoked,  Alive,    Alive,    Alive  ]),
    row(AdminResetEntraAdminCenter, "Admin resets password in Microsoft Entra admin center", [Revoked,  Revoked,  Alive,    Revoked,  Revoked]),
    row(AdminResetM365AdminCenter,  "Admin resets password in Microsoft 365 admin center",   [Revoked,  Revoked,  Alive,    Revoked,  Revoked]),
    row(UserRevokes,                "User revokes their refresh tokens",                     [Revoked,  Revoked,  Revoked,  Revoked,  Revoked]),
    row(AdminRevokes,               "Admin revokes all refresh tokens for a user",           [Revoked,  Revoked,  Revoked,  Revoked,  Revoked]),
    row(SingleSignOut,              "Single sign-out",                                       [Revoked,  Alive,    Revoked,  Alive,    Alive  ]),
];

impl Edition {
    /// The edition's rows, in the order of the page.
    #[must_use]
    pub const fn rows(self) -> &'static [Row] {
        match self {
            Self::E2018 => &E2018,
            Self::E2021 => &E2021,
            Self::E2025_05 => &E2025_05,
            Self::E2025_11 => &E2025_11,
        }
    }

    /// Returns the row for `event` in this edition.
    ///
    /// An administrator's reset maps to the edition's row, whatever the portal. If an edition has
    /// several rows, a reset through an unnamed portal maps to the Azure portal (the old interfaces
    /// belong to it), and a portal not yet listed to the Entra admin center, whose row the next
    /// edition copied. Both are inferences.
    #[must_use]
    pub fn row(self, event: Event) -> &'static Row {
        let rows = self.rows();
        let find = |wanted: Event| rows.iter().find(|row| row.event == wanted);
        let fallbacks: &[Event] = match event {
            AdminResetM365AdminCenter => &[AdminResetEntraAdminCenter, AdminReset],
            AdminResetEntraAdminCenter | AdminResetAzurePortal => &[AdminReset],
            AdminReset => &[AdminResetAzurePortal],
            _ => &[],
        };
        // Every other event has its own row in every edition (checked by a test), so the first row,
        // which revokes nothing, is never the fallback.
        find(event).or_else(|| fallbacks.iter().find_map(|other| find(*other))).unwrap_or(&rows[0])
    }
}

/// The cell of the table that revoked a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The latest event that applies to this credential.
    pub event: Event,
    /// When it happened (virtual time).
    pub at: Instant,
    /// The column.
    pub credential: Credential,
}
