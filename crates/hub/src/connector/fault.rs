//! Mistakes in the documents of a connector.

use std::fmt;

use serde_json::Value;

/// The maximum number of mistakes that are kept of a document.
const KEPT_MAX: usize = 100;

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

/// All mistakes of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Faults(Vec<ConnectorFault>);

impl Faults {
    /// Records a mistake.
    pub(super) fn add(&mut self, at: impl Into<String>, why: impl Into<String>) {
        self.push(ConnectorFault::new(at, why));
    }

    pub(super) fn push(&mut self, fault: ConnectorFault) {
        if self.0.len() < KEPT_MAX {
            self.0.push(fault);
        }
    }

    /// Returns the value of a part, or records why it has none.
    pub(super) fn keep<T>(&mut self, part: Result<T, ConnectorFault>) -> Option<T> {
        part.map_err(|fault| self.push(fault)).ok()
    }

    /// Whether there is no mistake.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the mistakes of another document.
    pub(super) fn extend(&mut self, others: Self) {
        for fault in others {
            self.push(fault);
        }
    }

    /// Returns `value`, or the mistakes if there are any.
    pub(super) fn result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl IntoIterator for Faults {
    type Item = ConnectorFault;
    type IntoIter = std::vec::IntoIter<ConnectorFault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

/// Returns the strings of an optional array, or `None` if it is anything else.
pub(super) fn strings(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(value) => value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
    }
}
