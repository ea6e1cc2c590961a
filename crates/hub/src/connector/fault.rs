//! Mistakes in the documents of a connector.

use serde_json::Value;

/// A document of a connector is not valid: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {why}")]
pub(crate) struct ConnectorFault {
    pub(super) at: String,
    why: String,
}

impl ConnectorFault {
    pub(super) fn new(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at: at.into(), why: why.into() }
    }

    /// Where the mistake is.
    pub(crate) fn at(&self) -> &str {
        &self.at
    }

    pub(crate) fn why(&self) -> &str {
        &self.why
    }
}

/// Returns the strings of an optional array, or `None` if it is anything else.
pub(super) fn strings(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(value) => value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
    }
}
