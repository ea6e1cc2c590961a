//! The workflow definition language's expressions, as far as Outlive needs them (reference §6.1).
//!
//! A string that starts with `@` is an expression, `@{…}` inside a string is interpolated, `@@` stands for `@`.
//! Parsing happens once, when a flow is saved; evaluating never panics and never makes more than
//! [`VALUE_BYTES_MAX`] bytes or [`VALUE_DEPTH_MAX`] levels out of a small definition.

mod evaluate;
mod function;
mod parse;
mod syntax;
mod template;
mod weight;

pub(crate) use evaluate::compare;
pub use evaluate::{EvaluationError, Facts};
pub(crate) use function::Function;
pub use parse::ExpressionError;
pub use template::Template;
pub(crate) use weight::weigh;
pub use weight::{VALUE_BYTES_MAX, VALUE_DEPTH_MAX};

/// Longest expression, in characters (reference §6.1).
pub const EXPRESSION_CHARACTERS_MAX: usize = 8_192;
