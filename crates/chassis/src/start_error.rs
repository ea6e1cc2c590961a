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
        Self { what: what.into(), why: without_os_numbers(&why.to_string()), remedy: remedy.into() }
    }
}

/// The text without ` (os error 17)`: the words before it are the same, for people.
fn without_os_numbers(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once(')').map_or("", |(_number, rest)| rest))
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        Self::new(error.what, error.why, error.remedy)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_operating_system_are_left_out() {
        let error = StartError::new("cannot open a", "File exists (os error 17)", "choose another");
        assert_eq!(error.why, "File exists");
        assert_eq!(without_os_numbers("a (os error 2): b (os error 3)"), "a: b");
        assert_eq!(without_os_numbers("no number"), "no number");
    }
}
