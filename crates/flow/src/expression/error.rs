//! Why an expression has no value.

use std::borrow::Cow;

use serde_json::Value;

/// How the reason begins if a part of a path cannot be selected; the whole expression goes before.
const NOT_SELECTED: &str = "cannot be evaluated because ";

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EvaluationError(pub(crate) String);

/// The value of an expression: a part of the run or of the definition if possible.
pub(super) type Evaluated<'a> = Result<Cow<'a, Value>, EvaluationError>;

impl EvaluationError {
    /// A part of a path cannot be selected.
    pub(super) fn not_selected(why: &str) -> Self {
        Self(format!("{NOT_SELECTED}{why}"))
    }

    /// Names the whole expression in which a part cannot be selected.
    pub(super) fn within(self, expression: impl std::fmt::Display) -> Self {
        if self.0.starts_with(NOT_SELECTED) {
            Self(format!("The template language expression '{expression}' {}", self.0))
        } else {
            self
        }
    }
}

pub(super) fn refuse<T>(what: impl Into<String>) -> Result<T, EvaluationError> {
    Err(EvaluationError(what.into()))
}
