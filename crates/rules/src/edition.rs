//! Editions of the published revocation table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A dated edition of the published revocation table. The newest is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Edition {
    /// The first table, in "Access tokens", January to October 2018.
    #[serde(rename = "2018")]
    E2018,
    /// The table as moved to "Refresh tokens" in April 2021, unchanged until 2025.
    #[serde(rename = "2021")]
    E2021,
    /// The text dated 14 May 2025: the administrator's reset is split by portal.
    #[serde(rename = "2025-05")]
    E2025_05,
    /// The page dated 5 November 2025: three rows for an administrator's reset.
    #[default]
    #[serde(rename = "2025-11")]
    E2025_11,
}

/// The text is not a known edition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not an edition of the revocation table; known are 2018, 2021, 2025-05, 2025-11")]
pub struct UnknownEdition {
    text: String,
}

impl Edition {
    /// Every edition, oldest first.
    pub const ALL: [Self; 4] = [Self::E2018, Self::E2021, Self::E2025_05, Self::E2025_11];

    /// The name: `2018`, `2021`, `2025-05`, `2025-11`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::E2018 => "2018",
            Self::E2021 => "2021",
            Self::E2025_05 => "2025-05",
            Self::E2025_11 => "2025-11",
        }
    }

    /// The title of the public document that prints this table.
    #[must_use]
    pub const fn document(self) -> &'static str {
        match self {
            Self::E2018 => "Azure Active Directory access tokens",
            Self::E2021 | Self::E2025_05 | Self::E2025_11 => {
                "Refresh tokens in the Microsoft identity platform"
            }
        }
    }

    /// The section that prints it.
    #[must_use]
    pub const fn section(self) -> &'static str {
        "Token revocation"
    }

    /// The date of that document (ISO 8601; the 2018 text was revised through the year).
    #[must_use]
    pub const fn dated(self) -> &'static str {
        match self {
            Self::E2018 => "2018",
            Self::E2021 => "2021-04-02",
            Self::E2025_05 => "2025-05-14",
            Self::E2025_11 => "2025-11-05",
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Edition {
    type Err = UnknownEdition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|edition| edition.name() == text)
            .ok_or_else(|| UnknownEdition { text: text.chars().take(40).collect() })
    }
}
