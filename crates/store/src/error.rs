//! Errors of opening and of using a database.

/// The database could not be opened. The message is for the command line.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct OpenError {
    /// What failed (`cannot open the database /data/idp.db`).
    pub what: String,
    /// Why, according to the database or the file system.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

/// A read or a change failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// An expectation of the change did not hold, or a key exists already. Nothing was changed.
    #[error(
        "statement {statement} of the change was refused: its expectation did not hold, or its key is taken"
    )]
    Conflict {
        /// Index of the statement within the change.
        statement: usize,
    },
    /// The database did not respond, or reported an error that no input should cause.
    #[error("the database failed: {0}")]
    Failed(String),
    /// A stored value is not of the expected type.
    #[error("column {column} holds what it should not: {why}")]
    Corrupt {
        /// The column's name.
        column: String,
        /// What was wrong.
        why: String,
    },
}

impl StoreError {
    /// Whether it is a [`StoreError::Conflict`], at whichever statement.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}
