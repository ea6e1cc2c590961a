//! Sealed tokens: nothing opens but what was sealed with this key, for this purpose, unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlive_tokens::{SealedRefreshToken, SealedToken, Sealer};

fuzz_target!(|data: &[u8]| {
    let sealer = Sealer::new(&[7; 32]);
    let text = String::from_utf8_lossy(data);
    assert!(SealedRefreshToken::open(&sealer, &text).is_err());
    assert!(SealedRefreshToken::open(&sealer, &format!("{}{text}", SealedRefreshToken::PREFIX)).is_err());
    assert!(sealer.open("refresh-token", &text).is_none());
});
