//! The result tree as JSON.

use crate::scenario::result::RunResult;

/// Returns the whole tree, indented, with a final newline.
pub fn report(result: &RunResult) -> String {
    // Plain structs with string keys always serialize.
    serde_json::to_string_pretty(result).unwrap_or_default() + "\n"
}
