//! Files of connectors: reading any ends, each mistake has a place, and no call that is made with
//! them leaves the back end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlive_hub::try_connector_files;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(document) = serde_json::from_slice::<Value>(data) else { return };
    let _ = try_connector_files(&document);
});
