//! A cache whose entries expire by the tenant's time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use outlive_clock::Instant;

/// The maximum number of entries. When it is exceeded, the cache is cleared.
const ENTRIES_MAX: usize = 10_000;

/// Values with the virtual instant at which they become stale.
#[derive(Debug)]
pub(super) struct TimedCache<K, V>(Mutex<HashMap<K, (Instant, V)>>);

impl<K: Hash + Eq, V: Clone> TimedCache<K, V> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    pub(super) fn get(&self, key: &K, now: Instant) -> Option<V> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.get(key).filter(|(stale, _)| now < *stale).map(|(_, value)| value.clone())
    }

    pub(super) fn put(&self, key: K, stale: Instant, value: V) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.len() >= ENTRIES_MAX {
            map.clear();
        }
        map.insert(key, (stale, value));
    }

    pub(super) fn forget(&self, which: impl Fn(&K) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, _| !which(key));
    }
}
