//! The table a tenant lives by: an edition, the cells that were changed on purpose, and the switches of disputed points.

use std::fmt;
use std::str::FromStr;

use outlive_clock::Instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Credential, Edition, Event, Fate, RevocationEvents, Row, Switches};

/// One cell that differs from the edition on purpose. Written `row.column=fate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Override {
    /// The row, by an event that the edition has a row for.
    pub event: Event,
    /// The column.
    pub credential: Credential,
    /// What the cell says instead.
    pub fate: Fate,
}

/// An edition of the published table plus any cells overridden for experiment, and any switches that do not stand on their
/// default.
///
/// Written `2025-11`, or `2025-11+password_changed_by_user.confidential_token=revoked+rotation=strict`, with more cells and
/// switches after more `+`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset {
    edition: Edition,
    overrides: Vec<Override>,
    switches: Switches,
}

/// The text is no ruleset; the message says which part and what would do.
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
    /// The same switch a second time.
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
        /// What was written.
        row: String,
        /// What could be written.
        rows: String,
    },
    /// The same cell a second time.
    #[error("the cell {event}.{credential} is written twice")]
    Twice {
        /// Its row.
        event: Event,
        /// Its column.
        credential: Credential,
    },
}

impl Ruleset {
    /// The edition as published.
    #[must_use]
    pub fn published(edition: Edition) -> Self {
        Self { edition, overrides: Vec::new(), switches: Switches::default() }
    }

    /// The edition it starts from.
    #[must_use]
    pub const fn edition(&self) -> Edition {
        self.edition
    }

    /// The cells that differ on purpose.
    #[must_use]
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// How the disputed points are decided.
    #[must_use]
    pub const fn switches(&self) -> &Switches {
        &self.switches
    }

    /// The same rules with the disputed points decided so.
    #[must_use]
    pub fn with_switches(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// Whether the cell that `event` and `credential` meet in was changed on purpose: by itself or by a switch.
    #[must_use]
    pub fn is_overridden(&self, event: Event, credential: Credential) -> bool {
        self.fate(event, credential) != self.row(event).fate(credential)
            || self.find(event, credential).is_some()
    }

    /// The row that `event` falls under; its cells as published. Ask [`fate`](Self::fate) for what holds here.
    #[must_use]
    pub fn row(&self, event: Event) -> &'static Row {
        self.edition.row(event)
    }

    /// What becomes of `credential` when `event` happens: the override if there is one, else what a switch says, else the edition's
    /// cell.
    #[must_use]
    pub fn fate(&self, event: Event, credential: Credential) -> Fate {
        self.find(event, credential)
            .map(|cell| cell.fate)
            .or_else(|| self.switches.fate(event, credential))
            .unwrap_or_else(|| self.row(event).fate(credential))
    }

    /// Since when refresh tokens of every kind are valid, by what happened to their user: the latest event that ends all of them
    /// (Microsoft Graph, `refreshTokensValidFromDateTime`). Nothing, if none did.
    #[must_use]
    pub fn refresh_tokens_valid_from(&self, events: &RevocationEvents) -> Option<Instant> {
        let every = [Credential::PasswordToken, Credential::NonPasswordToken, Credential::ConfidentialToken];
        let ends_all = |event| every.iter().all(|credential| self.fate(event, *credential) == Fate::Revoked);
        events.latest_first().into_iter().find(|(event, _)| ends_all(*event)).map(|(_, at)| at)
    }

    /// The same rules with one more cell changed. The cell is the one that the event falls under in this edition.
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
