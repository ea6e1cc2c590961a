//! The result tree as JSON.

use crate::scenario::result::RunResult;

/// The whole tree, indented, with a newline at its end.
#[must_use]
pub fn report(result: &RunResult) -> String {
    // Plain structs with text keys: nothing in them can fail to be JSON.
    serde_json::to_string_pretty(result).unwrap_or_default() + "\n"
}
