//! Signing keys of tests. It takes a while to generate one.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use outlive_clock::{Instant, Randomness};
use outlive_tokens::SigningKey;

/// Returns key number `n`, which is generated once and valid at all times.
pub(crate) fn key(n: u64) -> Arc<SigningKey> {
    static KEYS: LazyLock<Mutex<HashMap<u64, Arc<SigningKey>>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().expect("no test panicked here");
    let generate = || {
        let mut stream = Randomness::from_seed(n).stream("signing-key");
        Arc::new(SigningKey::generate(&mut stream, Instant::EPOCH, Instant::MAX).expect("a key"))
    };
    Arc::clone(keys.entry(n).or_insert_with(generate))
}
