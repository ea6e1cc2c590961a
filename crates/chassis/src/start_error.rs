//! Startup errors.

use outlive_store::{OpenError, StoreError};

/// What failed, why, and what to do about it. The command line prints it and exits with 2.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}\n  {remedy}")]
pub struct StartError {
    /// What failed.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl StartError {
    /// Creates an error from its three sentences.
    pub fn new(what: impl Into<String>, why: impl ToString, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.to_string(), remedy: remedy.into() }
    }
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        Self { what: error.what, why: error.why, remedy: error.remedy }
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::new(
            "cannot read the database",
            error,
            "check that the database is reachable and was written by this version",
        )
    }
}
