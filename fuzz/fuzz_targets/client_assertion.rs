//! Client assertions: parsing terminates for every input. Signatures are verified afterwards.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlive_tokens::ClientAssertion;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Ok(assertion) = ClientAssertion::read(&text) {
        let _ = (assertion.claims(), assertion.kid());
    }
});
