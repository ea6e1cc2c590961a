//! Definitions of flows: parsing any document ends, and each mistake has a place and a remedy.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(document) = serde_json::from_slice::<Value>(data) else { return };
    let (definition, references) = (&document["definition"], &document["connectionReferences"]);
    for mistake in outlive_flow::flow_mistakes("A flow", definition, references) {
        assert!(!mistake.to_string().is_empty());
    }
});
