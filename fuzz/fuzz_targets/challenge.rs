//! Challenges of a resource, as the hub parses them from a back end's header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlive_tokens::Challenge;

fuzz_target!(|data: &[u8]| {
    if let Some(challenge) = Challenge::parse(&String::from_utf8_lossy(data)) {
        let _ = (challenge.error(), challenge.claims());
    }
});
