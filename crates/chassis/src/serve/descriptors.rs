//! The limit on open file descriptors of this process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A limit accepted by systems whose hard limit is "unlimited" but whose kernel has a lower one
/// (macOS: `OPEN_MAX`).
const UNLIMITED_FALLBACK: u64 = 10_240;

/// Raises the soft limit on open descriptors to the hard limit. Call it once, at the start of the
/// program. Failure leaves the limit unchanged.
pub fn raise_descriptor_limit() {
    let before = getrlimit(Resource::Nofile);
    for wanted in [before.maximum, Some(UNLIMITED_FALLBACK)] {
        // `None` is "unlimited".
        let is_higher = before.current.is_some_and(|current| wanted.is_none_or(|wanted| wanted > current));
        if is_higher
            && setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum: before.maximum }).is_ok()
        {
            return;
        }
    }
}

/// The soft limit on open descriptors.
pub(super) fn descriptor_limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
