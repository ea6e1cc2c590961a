//! Rows.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use outlive_clock::Instant;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::StoreError;

/// A row; columns are accessed by name. Every accessor fails with [`StoreError::Corrupt`] if the
/// column has another type.
pub struct Row(Columns);

enum Columns {
    Sqlite(Arc<[String]>, Vec<Cell>),
    Postgres(AnyRow),
}

/// The value of a column in SQLite.
pub(crate) enum Cell {
    Nothing,
    Int(i64),
    Text(String),
    /// A type that this crate never stores.
    Other,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row")
    }
}

fn cell<'a>(names: &[String], cells: &'a [Cell], column: &str) -> Result<&'a Cell, StoreError> {
    let place = names.iter().position(|name| name == column);
    place.and_then(|place| cells.get(place)).ok_or_else(|| corrupt(column, "no such column"))
}

fn corrupt(column: &str, why: impl Display) -> StoreError {
    StoreError::Corrupt { column: column.to_owned(), why: why.to_string() }
}

impl Row {
    pub(crate) const fn of_cells(names: Arc<[String]>, cells: Vec<Cell>) -> Self {
        Self(Columns::Sqlite(names, cells))
    }

    pub(crate) const fn of_postgres(row: AnyRow) -> Self {
        Self(Columns::Postgres(row))
    }

    /// A number or NULL.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], as for all accessors.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match &self.0 {
            Columns::Postgres(row) => row.try_get(column).map_err(|error| corrupt(column, error)),
            Columns::Sqlite(names, cells) => match cell(names, cells, column)? {
                Cell::Nothing => Ok(None),
                Cell::Int(number) => Ok(Some(*number)),
                Cell::Text(_) | Cell::Other => Err(corrupt(column, "no number")),
            },
        }
    }

    /// A number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn int(&self, column: &str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| corrupt(column, "nothing"))
    }

    /// A flag (0 or 1).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// An instant or NULL.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn opt_instant(&self, column: &str) -> Result<Option<Instant>, StoreError> {
        Ok(self.opt_int(column)?.map(Instant::from_micros))
    }

    /// An instant.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn instant(&self, column: &str) -> Result<Instant, StoreError> {
        self.int(column).map(Instant::from_micros)
    }

    /// A text or NULL, not copied if it need not be.
    fn opt_str(&self, column: &str) -> Result<Option<Cow<'_, str>>, StoreError> {
        match &self.0 {
            Columns::Postgres(row) => row
                .try_get(column)
                .map(|text: Option<String>| text.map(Cow::Owned))
                .map_err(|error| corrupt(column, error)),
            Columns::Sqlite(names, cells) => match cell(names, cells, column)? {
                Cell::Nothing => Ok(None),
                Cell::Text(text) => Ok(Some(Cow::Borrowed(text))),
                Cell::Int(_) | Cell::Other => Err(corrupt(column, "no text")),
            },
        }
    }

    /// A text or NULL.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.opt_str(column)?.map(Cow::into_owned))
    }

    /// A text.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn text(&self, column: &str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| corrupt(column, "nothing"))
    }

    /// A text, parsed as another type, such as an id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn parse<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreError> {
        self.opt_parse(column)?.ok_or_else(|| corrupt(column, "nothing"))
    }

    /// A parsed text or NULL.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn opt_parse<T: FromStr<Err: Display>>(&self, column: &str) -> Result<Option<T>, StoreError> {
        self.opt_str(column)?.map(|text| text.parse().map_err(|error| corrupt(column, error))).transpose()
    }

    /// A JSON text, deserialized.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        self.opt_json(column)?.ok_or_else(|| corrupt(column, "nothing"))
    }

    /// A JSON text, deserialized, or `None`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn opt_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, StoreError> {
        let text = self.opt_str(column)?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| corrupt(column, error))).transpose()
    }
}
