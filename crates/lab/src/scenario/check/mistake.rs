//! A mistake in a scenario file.

use serde_saphyr::Spanned;

use crate::diagnostic::Position;

/// A mistake with its position.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scenario) struct Mistake {
    pub(in crate::scenario) position: Position,
    /// The path of the wrong value within the value at the position.
    pub(in crate::scenario) within: Vec<String>,
    pub(in crate::scenario) message: String,
    pub(in crate::scenario) remedy: String,
}

impl Mistake {
    /// Creates a mistake at the position of a YAML node.
    pub(in crate::scenario) fn at<T>(
        node: &Spanned<T>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Position::of(node), message, remedy)
    }

    /// Creates a mistake at a position.
    pub(in crate::scenario) fn new(
        position: Position,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { position, within: Vec::new(), message: message.into(), remedy: remedy.into() }
    }
}
