//! The rules of a tenant: an edition of the table, overridden cells, and switches.

use std::fmt;
use std::str::FromStr;

use outlive_clock::Instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Credential, Edition, Event, Fate, RevocationEvents, Row, Switches};

/// An overridden cell. Written `row.column=fate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Override {
    /// The row, by an event that the edition has a row for.
    pub event: Event,
    /// The column.
    pub credential: Credential,
    /// The fate that replaces the published one.
    pub fate: Fate,
}

/// An edition of the published table with overridden cells and switches.
///
/// Written `2025-11`, or
/// `2025-11+password_changed_by_user.confidential_token=revoked+rotation=strict`, with further
/// cells and switches separated by `+`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset {
    edition: Edition,
    overrides: Vec<Override>,
    switches: Switches,
}

/// Why a text is not a valid ruleset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseRulesetError {
    /// The part before the first `+`.
    #[error(transparent)]
    Edition(#[from] crate::UnknownEdition),
    /// A part after a `+` that is not `row.column=fate`.
    #[error("'{0}' is not a cell; write row.column=revoked or row.column=alive")]
    Shape(String),
    /// A part after a `+` that is neither a cell nor a switch.
    #[error(transparent)]
    Switch(#[from] crate::UnknownSwitch),
    /// A duplicate switch.
    #[error("the switch {0} is written twice")]
    SwitchTwice(String),
    /// The column of a cell.
    #[error(transparent)]
    Credential(#[from] crate::UnknownCredential),
    /// A row that this edition does not print.
    #[error("edition {edition} has no row '{row}'; its rows are {rows}")]
    Row {
        /// The edition.
        edition: Edition,
        /// The given text.
        row: String,
        /// The valid values.
        rows: String,
    },
    /// A duplicate cell.
    #[error("the cell {event}.{credential} is written twice")]
    Twice {
        /// The row.
        event: Event,
        /// The column.
        credential: Credential,
    },
}

impl Ruleset {
    /// The edition as published.
    #[must_use]
    pub fn published(edition: Edition) -> Self {
        Self { edition, overrides: Vec::new(), switches: Switches::default() }
    }

    /// The edition.
    #[must_use]
    pub const fn edition(&self) -> Edition {
        self.edition
    }

    /// The switches.
    #[must_use]
    pub const fn switches(&self) -> &Switches {
        &self.switches
    }

    /// Sets the switches.
    #[must_use]
    pub fn with_switches(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// Whether the cell for `event` and `credential` is overridden, directly or by a switch.
    #[must_use]
    pub fn is_overridden(&self, event: Event, credential: Credential) -> bool {
        self.fate(event, credential) != self.row(event).fate(credential)
            || self.find(event, credential).is_some()
    }

    /// The published row for `event`. For the effective cells use [`fate`](Self::fate).
    #[must_use]
    pub fn row(&self, event: Event) -> &'static Row {
        self.edition.row(event)
    }

    /// The fate of `credential` after `event`: the override, else the value of a switch, else the
    /// published cell.
    #[must_use]
    pub fn fate(&self, event: Event, credential: Credential) -> Fate {
        self.find(event, credential)
            .map(|cell| cell.fate)
            .or_else(|| self.switches.fate(event, credential))
            .unwrap_or_else(|| self.row(event).fate(credential))
    }

    /// The latest event that revoked refresh tokens of every kind (Microsoft Graph,
    /// `refreshTokensValidFromDateTime`), if any.
    #[must_use]
    pub fn refresh_tokens_valid_from(&self, events: &RevocationEvents) -> Option<Instant> {
        let every = [Credential::PasswordToken, Credential::NonPasswordToken, Credential::ConfidentialToken];
        let ends_all = |event| every.iter().all(|credential| self.fate(event, *credential) == Fate::Revoked);
        events.latest_first().into_iter().find(|(event, _)| ends_all(*event)).map(|(_, at)| at)
    }

    /// Overrides a cell, in the row that the event maps to in this edition.
    #[must_use]
    pub fn with(mut self, event: Event, credential: Credential, fate: Fate) -> Self {
        let event = self.row(event).event;
        self.overrides.retain(|cell| (cell.event, cell.credential) != (event, credential));
        self.overrides.push(Override { event, credential, fate });
        self
    }

    fn find(&self, event: Event, credential: Credential) -> Option<&Override> {
        let event = self.row(event).event;
        self.overrides.iter().find(|cell| (cell.event, cell.credential) == (event, credential))
    }
}

impl From<Edition> for Ruleset {
    fn from(edition: Edition) -> Self {
        Self::published(edition)
    }
}

impl fmt::Display for Ruleset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.edition)?;
        for cell in &self.overrides {
            write!(f, "+{}.{}={}", cell.event, cell.credential, cell.fate.name())?;
        }
        write!(f, "{}", self.switches)
    }
}

impl FromStr for Ruleset {
    type Err = ParseRulesetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().split('+').map(str::trim);
        let mut ruleset = Self::published(parts.next().unwrap_or_default().parse()?);
        let mut set = Vec::new();
        for part in parts {
            if let Some((name, value)) = part.split_once('=').filter(|(name, _)| !name.contains('.')) {
                let name = name.trim();
                ruleset.switches = ruleset.switches.set(name, value.trim())?;
                if set.contains(&name) {
                    return Err(ParseRulesetError::SwitchTwice(name.to_owned()));
                }
                set.push(name);
                continue;
            }
            let cell = parse_cell(ruleset.edition, part)?;
            if ruleset.find(cell.event, cell.credential).is_some() {
                return Err(ParseRulesetError::Twice { event: cell.event, credential: cell.credential });
            }
            ruleset.overrides.push(cell);
        }
        Ok(ruleset)
    }
}

fn parse_cell(edition: Edition, part: &str) -> Result<Override, ParseRulesetError> {
    let shape = || ParseRulesetError::Shape(part.chars().take(120).collect());
    let (cell, fate) = part.split_once('=').ok_or_else(shape)?;
    let (row, column) = cell.split_once('.').ok_or_else(shape)?;
    let fate = match fate.trim() {
        "revoked" => Fate::Revoked,
        "alive" => Fate::Alive,
        _ => return Err(shape()),
    };
    let row = row.trim();
    let event = edition.rows().iter().map(|known| known.event).find(|event| event.name() == row).ok_or_else(
        || ParseRulesetError::Row {
            edition,
            row: row.chars().take(60).collect(),
            rows: edition.rows().iter().map(|known| known.event.name()).collect::<Vec<_>>().join(", "),
        },
    )?;
    Ok(Override { event, credential: column.trim().parse()?, fate })
}

impl Serialize for Ruleset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ruleset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
