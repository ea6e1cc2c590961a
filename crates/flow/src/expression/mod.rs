//! Expressions of the workflow definition language (reference §6.1), with the functions that
//! `docs/expressions.md` lists.
//!
//! A string that starts with `@` is an expression, `@{…}` inside a string is interpolated, and `@@`
//! stands for `@`. An expression is parsed once, when its flow is saved. Evaluation never panics
//! and never produces more than [`VALUE_BYTES_MAX`] bytes or [`VALUE_DEPTH_MAX`] levels.

mod arguments;
mod budget;
mod catalogue;
mod content;
mod cultures;
mod date_format;
mod date_parse;
mod error;
mod evaluate;
pub(crate) mod facts;
mod function;
mod functions;
mod fuzzing;
mod multipart;
mod parse;
mod signature;
mod string_form;
mod syntax;
mod template;
pub(crate) mod time_zones;
mod timestamp;
mod weight;
mod windows_zones;
mod xml;
mod zone_rules;

pub(crate) use arguments::kind;
#[cfg(test)]
pub(crate) use catalogue::readers_of_runs;
pub(crate) use error::EvaluationError;
pub(crate) use facts::Facts;
pub(crate) use function::Function;
pub(crate) use functions::{compare, percent_decoded};
pub use fuzzing::evaluate_text;
pub(crate) use template::{ACTION_FUNCTIONS, Named, Template};
pub(crate) use weight::VALUE_BYTES_MAX;
pub(crate) use weight::weigh;
