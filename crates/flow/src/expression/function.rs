//! The functions of expressions, as rows of the tables of their families.

use serde_json::Value;

use super::arguments::{Arguments, Call};
use super::error::{Evaluated, EvaluationError};
use super::signature::Signature;

/// A function. Names are case-insensitive, as on the platform.
#[derive(Clone, Copy)]
pub(crate) struct Function(&'static Row);

/// A function in the table of its family.
pub(super) struct Row {
    pub(super) signature: Signature,
    body: Body,
}

/// How a function gets its value.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// It evaluates the arguments that it needs.
    Lazy(for<'a> fn(&Call<'a, '_>) -> Evaluated<'a>),
    /// It returns a part of an argument or of the run.
    Select(for<'a> fn(Arguments<'a, '_>) -> Evaluated<'a>),
    /// It builds a value.
    Make(fn(&Arguments<'_, '_>) -> Result<Value, EvaluationError>),
}

impl Row {
    pub(super) const fn lazy(
        name: &'static str,
        (fewest, most): (usize, usize),
        body: for<'a> fn(&Call<'a, '_>) -> Evaluated<'a>,
    ) -> Self {
        Self { signature: Signature { name, fewest, most }, body: Body::Lazy(body) }
    }

    pub(super) const fn select(
        name: &'static str,
        (fewest, most): (usize, usize),
        body: for<'a> fn(Arguments<'a, '_>) -> Evaluated<'a>,
    ) -> Self {
        Self { signature: Signature { name, fewest, most }, body: Body::Select(body) }
    }

    pub(super) const fn make(
        name: &'static str,
        (fewest, most): (usize, usize),
        body: fn(&Arguments<'_, '_>) -> Result<Value, EvaluationError>,
    ) -> Self {
        Self { signature: Signature { name, fewest, most }, body: Body::Make(body) }
    }
}

impl Function {
    pub(super) const fn of(row: &'static Row) -> Self {
        Self(row)
    }

    /// Returns the name as written in documents.
    pub(crate) fn name(self) -> &'static str {
        self.0.signature.name
    }

    pub(super) fn signature(self) -> &'static Signature {
        &self.0.signature
    }

    pub(super) fn body(self) -> Body {
        self.0.body
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Function {}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
