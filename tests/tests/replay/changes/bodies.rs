//! Bodies of a recording, of which some are in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::recorder::text;

/// The JSON body of an entry.
pub(super) fn body_of(entry: &Value) -> Value {
    let content = &entry["response"]["content"];
    let recorded = text(&content["text"]).to_owned();
    let plain = if content["encoding"] == "base64" {
        String::from_utf8(STANDARD.decode(recorded).expect("base64")).expect("UTF-8")
    } else {
        recorded
    };
    serde_json::from_str(&plain).expect("JSON")
}

pub(super) fn set_body(entry: &mut Value, body: &Value) {
    entry["response"]["content"] = json!({"mimeType": "application/json", "text": body.to_string()});
}
