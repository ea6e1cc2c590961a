//! What a service rejects in the description of a tenant: found by a pure function, so that a seed
//! file can be checked without a service that runs.

use std::fmt;

use serde_json::Value;

use crate::Service;

/// One thing in the description of a tenant that the service rejects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecMistake {
    /// Where in the description, as a JSON Pointer (RFC 6901): `/users/0/upn`.
    pub at: String,
    /// What is wrong, one sentence without its full stop.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl SpecMistake {
    /// A mistake from its parts.
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

/// Everything that service `S` rejects in the description of a tenant.
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
