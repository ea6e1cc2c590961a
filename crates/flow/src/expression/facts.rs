//! What expressions can read of their run.

use super::error::EvaluationError;
use std::borrow::Cow;

use outlive_clock::Instant;
use serde_json::Value;

/// A value of the run, or why it has no such value.
pub(crate) type Fact<'a> = Result<Cow<'a, Value>, Missing>;

/// Why a function that reads the run has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The function cannot be used at this place: `item()` outside a loop.
    Unavailable,
    /// There is nothing of this name, or it has no value yet.
    Unknown,
}

/// What an expression can read of its run. A function whose method is not implemented is rejected
/// at run time: it is not available at that place.
pub(crate) trait Facts {
    /// The outputs of the trigger.
    fn trigger_outputs(&self) -> &Value;

    /// The outputs of a finished action; `None` if it has not finished, was skipped, or does not
    /// exist.
    fn outputs(&self, action: &str) -> Option<&Value>;

    /// The value of a parameter of the definition.
    fn parameter(&self, name: &str) -> Option<&Value>;

    /// The virtual instant of the evaluation.
    fn now(&self) -> Instant;

    /// Accounts for the bytes that an evaluation produced and read.
    fn spend(&self, bytes: usize) -> Result<(), EvaluationError> {
        let _ = bytes;
        Ok(())
    }

    /// The value of a variable.
    fn variable(&self, _name: &str) -> Fact<'_> {
        Err(Missing::Unavailable)
    }

    /// The current item of a loop, or of the innermost repetition (`None`): `items('Loop')`,
    /// `item()`.
    fn item(&self, _scope: Option<&str>) -> Fact<'_> {
        Err(Missing::Unavailable)
    }

    /// The index of the current iteration of an `Until`, a number from 0:
    /// `iterationIndexes('Loop')`.
    fn iteration_index(&self, _scope: &str) -> Fact<'_> {
        Err(Missing::Unavailable)
    }

    /// The workflow and its run: `{id, name, type, location, tags, run: {id, name, type}}`.
    fn workflow(&self) -> Fact<'_> {
        Err(Missing::Unavailable)
    }

    /// The trigger: `{name, inputs, outputs, startTime, endTime, status, code, trackingId …}`.
    fn trigger(&self) -> Fact<'_> {
        Err(Missing::Unavailable)
    }

    /// A finished action, or the current one (`None`): `{name, inputs, outputs, startTime,
    /// endTime, status, code, error, trackingId …}`.
    fn action(&self, _name: Option<&str>) -> Fact<'_> {
        Err(Missing::Unavailable)
    }

    /// The finished actions directly in a scope, as an array of what `action` returns.
    fn result(&self, _scope: &str) -> Fact<'_> {
        Err(Missing::Unavailable)
    }

    /// The URL that continues a webhook trigger or action.
    fn callback_url(&self) -> Result<String, Missing> {
        Err(Missing::Unavailable)
    }

    /// The next number of the run's seeded random stream.
    fn random(&self) -> Result<u64, Missing> {
        Err(Missing::Unavailable)
    }
}
