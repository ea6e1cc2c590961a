//! The table a tenant lives by: an edition, and the cells that were changed on purpose.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Credential, Edition, Event, Fate, Row};

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

/// An edition of the published table plus any cells overridden for experiment.
///
/// Written `2025-11`, or `2025-11+password_changed_by_user.confidential_token=revoked`, with more cells after more `+`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset {
    edition: Edition,
    overrides: Vec<Override>,
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
    pub const fn published(edition: Edition) -> Self {
        Self { edition, overrides: Vec::new() }
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

    /// Whether the cell that `event` and `credential` meet in was changed on purpose.
    #[must_use]
    pub fn is_overridden(&self, event: Event, credential: Credential) -> bool {
        self.find(event, credential).is_some()
    }

    /// The row that `event` falls under; its cells as published. Ask [`fate`](Self::fate) for what holds here.
    #[must_use]
    pub fn row(&self, event: Event) -> &'static Row {
        self.edition.row(event)
    }

    /// What becomes of `credential` when `event` happens: the override if there is one, else the edition's cell.
    #[must_use]
    pub fn fate(&self, event: Event, credential: Credential) -> Fate {
        self.find(event, credential).map_or_else(|| self.row(event).fate(credential), |cell| cell.fate)
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
        Ok(())
    }
}

impl FromStr for Ruleset {
    type Err = ParseRulesetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().split('+').map(str::trim);
        let mut ruleset = Self::published(parts.next().unwrap_or_default().parse()?);
        for part in parts {
            let cell = parse_cell(ruleset.edition, part)?;
            if ruleset.is_overridden(cell.event, cell.credential) {
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
