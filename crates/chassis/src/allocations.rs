//! How many allocations the process made, if its allocator counts them.

use std::sync::OnceLock;

static COUNT: OnceLock<fn() -> u64> = OnceLock::new();

/// Tells how the allocations of this process since its start are counted. Has an effect once.
pub fn count_allocations_by(count: fn() -> u64) {
    let _ = COUNT.set(count);
}

/// Returns the number of allocations, if they are counted.
pub(crate) fn count() -> Option<u64> {
    COUNT.get().map(|count| count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_reported_if_they_are_counted() {
        assert_eq!(count(), None);
        count_allocations_by(|| 7);
        assert_eq!(count(), Some(7));
    }
}
