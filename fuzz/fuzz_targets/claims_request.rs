//! The claims parameter: reading it ends, within its bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlive_tokens::ClaimsRequest;

fuzz_target!(|data: &[u8]| {
    let _ = ClaimsRequest::parse(&String::from_utf8_lossy(data));
});
