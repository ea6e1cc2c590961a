//! Expressions of flows: parsing and evaluating any text ends, with a value within its bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlive_flow::evaluate_text;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let _ = evaluate_text(&text);
    let _ = evaluate_text(&format!("@{text}"));
});
