//! Limits on open connections, per socket and per process.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::descriptors::descriptor_limit;
use crate::occasional::Occasional;

/// Descriptors reserved for databases, logs and connections to other services. At most half of the
/// limit.
const DESCRIPTORS_RESERVED: u64 = 256;
/// Maximum number of sockets in one process: five services, two with TLS, and one spare.
const SOCKETS: u64 = 8;

/// The connections that all sockets of a process share. Half of them are divided among the sockets,
/// so that clients of one cannot starve another; the other half is available to all.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    of_each_socket: usize,
    shared: Arc<Semaphore>,
    full: Mutex<Occasional>,
}

impl Budget {
    fn of(descriptors: u64) -> Self {
        let reserved = DESCRIPTORS_RESERVED.min(descriptors / 2);
        let limit = (descriptors - reserved).clamp(SOCKETS, Semaphore::MAX_PERMITS as u64);
        let of_each_socket = (limit / 2 / SOCKETS).max(1);
        let shared = limit - of_each_socket * SOCKETS;
        let size = |size: u64| usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            limit,
            of_each_socket: size(of_each_socket),
            shared: Arc::new(Semaphore::new(size(shared))),
            full: Mutex::default(),
        }
    }

    /// The budget of this process, from its descriptor limit when the first socket is served.
    pub(super) fn of_process() -> Arc<Self> {
        static BUDGET: OnceLock<Arc<Budget>> = OnceLock::new();
        Arc::clone(BUDGET.get_or_init(|| Arc::new(Self::of(descriptor_limit()))))
    }

    /// Logs that a connection is waiting; shortly after another such message it is only counted.
    fn report_full(&self, of_socket: usize) {
        let times = self.full.lock().report();
        if let Some(times) = times {
            tracing::warn!(
                limit_of_socket = of_socket,
                limit_of_process = self.limit,
                times,
                "the limit on open connections is reached; further connections wait. The limit of the process follows from \
                 its limit on open files: raise that (ulimit -n) if the clients are legitimate"
            );
        }
    }
}

/// The connection slots of one socket.
#[derive(Debug)]
pub(super) struct Seats {
    budget: Arc<Budget>,
    all: u32,
    free: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

/// The right to one open connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _of_socket: OwnedSemaphorePermit,
    _of_process: OwnedSemaphorePermit,
}

impl Seats {
    /// Creates the slots of a socket with at most `connections`, within the budget.
    pub(super) fn new(budget: Arc<Budget>, connections: usize) -> Self {
        let all = connections.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self {
            all: u32::try_from(all).unwrap_or(u32::MAX),
            free: Arc::new(Semaphore::new(all)),
            own: Arc::new(Semaphore::new(budget.of_each_socket)),
            budget,
        }
    }

    fn try_take(&self) -> Option<Seat> {
        let of_socket = Arc::clone(&self.free).try_acquire_owned().ok()?;
        let own = Arc::clone(&self.own).try_acquire_owned();
        let of_process = own.or_else(|_| Arc::clone(&self.budget.shared).try_acquire_owned()).ok()?;
        Some(Seat { _of_socket: of_socket, _of_process: of_process })
    }

    /// Waits for a free slot.
    pub(super) async fn take(&self) -> Option<Seat> {
        if let Some(seat) = self.try_take() {
            return Some(seat);
        }
        self.budget.report_full(self.all as usize);
        let of_socket = Arc::clone(&self.free).acquire_owned().await.ok()?;
        let of_process = tokio::select! {
            biased;
            own = Arc::clone(&self.own).acquire_owned() => own,
            shared = Arc::clone(&self.budget.shared).acquire_owned() => shared,
        };
        Some(Seat { _of_socket: of_socket, _of_process: of_process.ok()? })
    }

    /// Waits until all connections are closed.
    pub(super) async fn all_free(&self) {
        let _ = self.free.acquire_many(self.all).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(seats: &Seats) -> Vec<Seat> {
        std::iter::from_fn(|| seats.try_take()).collect()
    }

    #[test]
    fn all_sockets_of_a_process_fit_into_its_descriptors() {
        for descriptors in [64, 256, 1_024, 4_096, 20_000, 1_048_576] {
            let budget = Arc::new(Budget::of(descriptors));
            let sockets: Vec<_> = (0..SOCKETS).map(|_| Seats::new(Arc::clone(&budget), usize::MAX)).collect();
            let taken: usize = sockets.iter().map(|seats| take_all(seats).len()).sum();
            assert!(taken > 0);
            let taken: Vec<_> = sockets.iter().flat_map(take_all).collect();
            let reserved = DESCRIPTORS_RESERVED.min(descriptors / 2);
            assert_eq!(taken.len() as u64, descriptors - reserved, "{descriptors}");
        }
    }

    #[test]
    fn no_socket_takes_the_places_of_another() {
        let budget = Arc::new(Budget::of(1_024));
        let flooded = Seats::new(Arc::clone(&budget), usize::MAX);
        let other = Seats::new(Arc::clone(&budget), usize::MAX);
        let flood = take_all(&flooded);
        // Its own 48 and the shared half of 768.
        assert_eq!(flood.len(), 48 + 384);
        assert_eq!(take_all(&other).len(), 48);
        drop(flood);
        assert_eq!(take_all(&other).len(), 48 + 384);
    }

    #[test]
    fn a_socket_has_a_limit_of_its_own_and_an_unlimited_process_none_that_matters() {
        let seats = Seats::new(Arc::new(Budget::of(u64::MAX)), 4_096);
        assert_eq!(take_all(&seats).len(), 4_096);
        let seats = Seats::new(Arc::new(Budget::of(0)), 4_096);
        assert_eq!(take_all(&seats).len(), 1);
    }
}
