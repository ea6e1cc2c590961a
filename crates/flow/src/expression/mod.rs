//! Expressions of the workflow definition language, as far as Outlive supports them (reference
//! §6.1).
//!
//! A string that starts with `@` is an expression, `@{…}` inside a string is interpolated, and `@@`
//! stands for `@`. An expression is parsed once, when its flow is saved. Evaluation never panics
//! and never produces more than [`VALUE_BYTES_MAX`] bytes or [`VALUE_DEPTH_MAX`] levels.

mod evaluate;
mod function;
mod parse;
mod syntax;
mod template;
mod weight;

pub(crate) use evaluate::compare;
pub(crate) use evaluate::{EvaluationError, Facts};
pub(crate) use function::Function;
pub(crate) use template::Template;
pub(crate) use weight::VALUE_BYTES_MAX;
pub(crate) use weight::weigh;
