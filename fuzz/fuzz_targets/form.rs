//! Forms and query strings: whatever comes, reading them ends, and finds nothing that was not sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlive_idp::Parameters;

fuzz_target!(|data: &[u8]| {
    let parameters = Parameters::parse(data);
    if let Some(name) = parameters.duplicated() {
        assert!(parameters.is_duplicated(name));
        let name = name.to_owned();
        assert!(parameters.without(&name).get(&name).is_none());
    }
});
