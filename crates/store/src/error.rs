//! What can go wrong with a database, in the two moments that callers tell apart: opening it and using it.

/// The database could not be opened. Made for a person at the command line.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct OpenError {
    /// What was tried (`cannot open the database /data/idp.db`).
    pub what: String,
    /// Why it failed, in the words of the database or the file system.
    pub why: String,
    /// What the person can do about it.
    pub remedy: String,
}

/// A read or a change failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// An expectation of the change did not hold, or it met a row with the same key. Nothing of the change happened.
    #[error(
        "statement {statement} of the change was refused: its expectation did not hold, or its key is taken"
    )]
    Conflict {
        /// Index of the statement within the change.
        statement: usize,
    },
    /// The database did not answer, or answered with an error that no input should be able to cause.
    #[error("the database failed: {0}")]
    Failed(String),
    /// A stored value is not what the code expects there.
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
