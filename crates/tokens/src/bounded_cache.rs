//! A cache of bounded size.

use std::collections::HashMap;
use std::hash::Hash;

/// A map of at most `capacity` entries with approximate LRU eviction. Entries live in two
/// generations: a use moves an entry to the young one, and when that is full the old one is
/// dropped.
#[derive(Debug)]
pub(crate) struct BoundedCache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation: usize,
}

impl<K: Eq + Hash + Clone, V: Clone> BoundedCache<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), generation: (capacity / 2).max(1) }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let value = self.old.remove(key)?;
        self.insert(key.clone(), value.clone());
        Some(value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.generation && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn recently_used_entries_stay() {
        let mut cache = BoundedCache::new(4);
        cache.insert(0, "kept");
        for n in 1..100 {
            cache.insert(n, "passing");
            assert_eq!(cache.get(&0), Some("kept"));
        }
        assert_eq!(cache.get(&1), None);
        cache.remove(&0);
        assert_eq!(cache.get(&0), None);
    }

    #[test]
    fn half_of_the_entries_stay_without_being_used() {
        let mut cache = BoundedCache::new(4);
        for n in [0, 1, 2, 2] {
            cache.insert(n, n);
        }
        assert_eq!([cache.get(&0), cache.get(&2)], [Some(0), Some(2)]);
    }

    proptest! {
        #[test]
        fn never_grows_beyond_its_capacity(keys in proptest::collection::vec(0_u8..40, 0..300), capacity in 2_usize..20) {
            let mut cache = BoundedCache::new(capacity);
            for key in keys {
                if key % 3 == 0 {
                    prop_assert!(cache.get(&key).is_none_or(|value| value == key));
                } else {
                    cache.insert(key, key);
                    prop_assert_eq!(cache.get(&key), Some(key));
                }
                prop_assert!(cache.len() <= capacity);
            }
        }
    }
}
