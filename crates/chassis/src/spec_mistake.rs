//! Mistakes in the specification of a tenant, found by pure functions, so that a seed file can be
//! checked without a running service.

use std::fmt;

use serde_json::Value;

use crate::Service;

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

/// Returns every mistake that service `S` finds in the specification of a tenant.
#[must_use]
pub fn description_mistakes<S: Service>(description: Value) -> Vec<SpecMistake> {
    match serde_json::from_value::<S::TenantSpec>(description) {
        Ok(spec) => S::spec_mistakes(&spec),
        Err(error) => vec![SpecMistake::new(
            "",
            format!("the description of the tenant has another form than the service reads: {error}"),
            "correct the value",
        )],
    }
}
