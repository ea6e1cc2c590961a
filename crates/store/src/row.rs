//! A row that was read.

use std::fmt::Display;
use std::str::FromStr;

use outlive_clock::Instant;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::StoreError;

/// A row; columns are asked for by name. Every reader fails with [`StoreError::Corrupt`] if the column is not of that kind.
pub struct Row(pub(crate) AnyRow);

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row")
    }
}

fn corrupt(column: &str, why: impl Display) -> StoreError {
    StoreError::Corrupt { column: column.to_owned(), why: why.to_string() }
}

impl Row {
    /// A number, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], as for all readers here.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        self.0.try_get(column).map_err(|error| corrupt(column, error))
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

    /// An instant, or nothing.
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

    /// A text, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        self.0.try_get(column).map_err(|error| corrupt(column, error))
    }

    /// A text.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn text(&self, column: &str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| corrupt(column, "nothing"))
    }

    /// A text that is read as something else: an id, an edition.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn parse<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|error| corrupt(column, error))
    }

    /// The same, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn opt_parse<T: FromStr<Err: Display>>(&self, column: &str) -> Result<Option<T>, StoreError> {
        self.opt_text(column)?.map(|text| text.parse().map_err(|error| corrupt(column, error))).transpose()
    }

    /// A text that is JSON.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|error| corrupt(column, error))
    }
}
