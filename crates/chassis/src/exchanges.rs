//! The HTTP requests of a service and of its process since the start.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::lab_access::is_lab_surface;

static CALLS: AtomicU64 = AtomicU64::new(0);

/// Counts a request that this process creates for another service.
pub(crate) fn count_call() {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

/// Returns the number of requests that this process created for other services.
pub(crate) fn calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

/// The requests that a service received.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    all: AtomicU64,
    lab: AtomicU64,
}

impl Exchanges {
    /// Counts a request for `path`.
    pub(crate) fn count(&self, path: &str) {
        self.all.fetch_add(1, Ordering::Relaxed);
        if is_lab_surface(path) {
            self.lab.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn all(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }

    /// Returns the number of requests below `/_lab`.
    pub(crate) fn lab(&self) -> u64 {
        self.lab.load(Ordering::Relaxed)
    }
}
