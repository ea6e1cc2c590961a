//! Expands what is written once and used several times: variables, tables, repeated steps, and the
//! setup and tags of a file. The result is the file as if every scenario were written out.

mod fill;
mod scenarios;
mod steps;

use serde_saphyr::Spanned;

use super::check::Mistake;
use crate::yaml::Node;

/// Maximum number of steps and scenarios that one file expands to.
const EXPANDED_MAX: usize = 5_000;
/// About how much memory the copies and values of one file can take, in bytes.
const WEIGHT_MAX: usize = 32 * 1024 * 1024;
/// Maximum number of repetitions of a step.
const REPEAT_MAX: u64 = 500;

/// Returns the expanded file, and the mistakes in what was expanded.
pub(super) fn expand(mut file: Spanned<Node>) -> (Spanned<Node>, Vec<Mistake>) {
    let mut expansion = Expansion::default();
    expansion.file(&mut file);
    (file, expansion.mistakes)
}

/// The state of an expansion.
#[derive(Default)]
struct Expansion {
    mistakes: Vec<Mistake>,
    /// The number of expanded steps.
    steps: usize,
    /// Whether the steps of a `parallel` are being expanded.
    in_parallel: bool,
    /// The weight of all copies and of the values of placeholders.
    weight: usize,
}

impl Expansion {
    fn wrong<T>(&mut self, at: &Spanned<T>, message: impl Into<String>, remedy: impl Into<String>) {
        self.mistakes.push(Mistake::at(at, message, remedy));
    }

    /// Whether one more step fits; the first that does not is a mistake.
    fn fits(&mut self, at: &Spanned<Node>) -> bool {
        self.steps += 1;
        if self.steps == EXPANDED_MAX + 1 {
            let message = format!("the file has more than {EXPANDED_MAX} steps when it is expanded");
            self.wrong(at, message, "repeat less often, or use fewer rows");
        }
        self.steps <= EXPANDED_MAX
    }

    /// Whether a copy of `value` fits; the first that does not is a mistake.
    fn may_copy<T>(&mut self, at: &Spanned<T>, value: &Node) -> bool {
        if self.weight > WEIGHT_MAX {
            return false;
        }
        self.weight += value.weight();
        if self.weight > WEIGHT_MAX {
            let message = "the file is too large when its variables and repetitions are written out";
            self.wrong(at, message, "use fewer variables within variables, or repeat less");
        }
        self.weight <= WEIGHT_MAX
    }
}

#[cfg(test)]
mod tests;
