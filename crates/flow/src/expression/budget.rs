//! How much an evaluation may produce.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::Value;

use super::error::{EvaluationError, refuse};
use super::weight::{VALUE_BYTES_MAX, weigh};

/// The maximum of all intermediate values of one evaluation, in bytes.
const WORK_BYTES_MAX: usize = 16 * VALUE_BYTES_MAX;

/// The maximum of all that functions of one evaluation read, in bytes.
pub(crate) const READ_BYTES_MAX: usize = 256 * VALUE_BYTES_MAX;

/// The number of bytes that an evaluation may still produce and read.
pub(crate) struct Budget {
    result: Cell<usize>,
    work: Cell<usize>,
    read: Cell<usize>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            result: Cell::new(VALUE_BYTES_MAX),
            work: Cell::new(WORK_BYTES_MAX),
            read: Cell::new(READ_BYTES_MAX),
        }
    }

    /// Returns how many bytes the evaluation produced and read so far.
    pub(super) fn spent(&self) -> usize {
        (VALUE_BYTES_MAX - self.result.get())
            + (WORK_BYTES_MAX - self.work.get())
            + (READ_BYTES_MAX - self.read.get())
    }

    /// Accounts for an intermediate value, before it is built.
    pub(super) fn charge(&self, bytes: usize) -> Result<(), EvaluationError> {
        if bytes > VALUE_BYTES_MAX {
            return too_large();
        }
        subtract(&self.work, bytes)
    }

    /// Accounts for what is added to a value of `before` bytes.
    pub(super) fn charge_more(&self, before: usize, more: usize) -> Result<(), EvaluationError> {
        if before.saturating_add(more) > VALUE_BYTES_MAX {
            return too_large();
        }
        subtract(&self.work, more)
    }

    /// Accounts for bytes that a function reads, before it does.
    pub(super) fn read(&self, bytes: usize) -> Result<(), EvaluationError> {
        match self.read.get().checked_sub(bytes) {
            Some(left) => {
                self.read.set(left);
                Ok(())
            }
            None => refuse(format!("the functions read more than {READ_BYTES_MAX} bytes")),
        }
    }

    /// Clones a value that is a part of the result, if it is not too large.
    pub(super) fn own(&self, value: Cow<'_, Value>) -> Result<Value, EvaluationError> {
        subtract(&self.result, weight(&value)?)?;
        Ok(value.into_owned())
    }
}

/// Returns the size of a value, or an error if it is too deep.
pub(super) fn weight(value: &Value) -> Result<usize, EvaluationError> {
    weigh(value).map_or_else(|| refuse("the result is nested too deeply"), Ok)
}

fn subtract(left: &Cell<usize>, bytes: usize) -> Result<(), EvaluationError> {
    match left.get().checked_sub(bytes) {
        Some(less) => {
            left.set(less);
            Ok(())
        }
        None => too_large(),
    }
}

fn too_large<T>() -> Result<T, EvaluationError> {
    refuse(format!("the result is larger than {VALUE_BYTES_MAX} bytes"))
}
