//! A mistake in a scenario file.

use crate::diagnostic::Position;

/// A mistake with its position.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::scenario) struct Mistake {
    pub(in crate::scenario) position: Position,
    pub(in crate::scenario) message: String,
    pub(in crate::scenario) remedy: String,
}
