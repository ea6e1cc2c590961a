//! Journal lines with a sentence each.

use outlive_wire::words_of;
use serde_json::Value;

/// Adds what happened, in one sentence, to a line.
pub(super) fn add_words(line: &mut Value) {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    let words = words_of(text("kind"), text("subject"), line.get("data").unwrap_or(&Value::Null));
    if let Some(members) = line.as_object_mut() {
        members.insert("words".to_owned(), words.into());
    }
}
