//! Mistakes in the specification of a tenant, found by pure functions, so that a seed file can be
//! checked without a running service.

use std::fmt;

/// A mistake in the specification of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecMistake {
    /// The location, as a JSON Pointer (RFC 6901): `/users/0/upn`.
    pub at: String,
    /// What is wrong, one sentence without a period.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl SpecMistake {
    /// Creates a mistake.
    pub fn new(at: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for SpecMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, message, remedy } = self;
        write!(f, "{at}: {message}; {remedy}")
    }
}
