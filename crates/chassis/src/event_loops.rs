//! Event loops: one thread per core, each with a runtime of its own.
//!
//! A request and the calls that it causes stay on one thread, so that none of them wakes another
//! thread. In a process with all services, this includes the services that it calls: a loop calls
//! from a loopback address of its own, by which the accepting socket finds the loop.
//!
//! A connection stays on its loop. Clients use some connections more than others, so a loop without
//! requests handles one of another loop; its body and its response still pass through that one.
//! Requests of a socket that is served evenly are handled by the loop with the fewest.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread::JoinHandle;

use futures::FutureExt as _;
use futures::future::Either;
use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The loops of this process; none in a process that starts none (a test).
static LOOPS: OnceLock<Loops> = OnceLock::new();

/// Maximum number of loops, each of which holds connections to the other services.
const LOOPS_MAX: usize = 16;

thread_local! {
    /// The loop of this thread.
    static CURRENT: Cell<Option<usize>> = const { Cell::new(None) };
}

#[derive(Debug)]
struct Loops {
    loops: Vec<Loop>,
    /// The first candidate for the next connection from outside.
    next: AtomicUsize,
}

#[derive(Debug)]
struct Loop {
    handle: Handle,
    /// The number of requests from outside in progress.
    requests: AtomicUsize,
}

impl Loop {
    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Counts a request, if this many others are in progress.
    fn begin_beside(&'static self, others: usize) -> Option<InProgress> {
        let counted =
            self.requests.compare_exchange(others, others + 1, Ordering::Relaxed, Ordering::Relaxed);
        counted.is_ok().then(|| InProgress(self))
    }

    /// Counts a request.
    fn begin(&'static self) -> InProgress {
        self.requests.fetch_add(1, Ordering::Relaxed);
        InProgress(self)
    }
}

impl Loops {
    /// The loop with the fewest requests in progress; loops with the same number take turns.
    fn least_busy(&self) -> Option<&Loop> {
        let first = self.next.fetch_add(1, Ordering::Relaxed) % self.loops.len();
        let (before, from_first) = self.loops.split_at(first);
        from_first.iter().chain(before).min_by_key(|one| one.requests())
    }

    /// Begins a request on a loop without any, if this one has some.
    fn begin_on_idle(&'static self, current: &Loop) -> Option<InProgress> {
        if current.requests() == 0 {
            return None;
        }
        self.loops.iter().find_map(|one| one.begin_beside(0))
    }

    /// Begins a request on the loop with the fewest, if this one has more.
    fn begin_on_fewest(&'static self, current: &Loop) -> Option<InProgress> {
        loop {
            let (fewest, requests) =
                self.loops.iter().map(|one| (one, one.requests())).min_by_key(|(_, requests)| *requests)?;
            if requests >= current.requests() {
                return None;
            }
            // Others may have chosen it at the same time.
            if let Some(begun) = fewest.begin_beside(requests) {
                return Some(begun);
            }
        }
    }
}

/// Handles a request of a connection from `peer`: one from outside on a loop without requests, if
/// there is one while this one has some, or on the loop with the fewest, if `evenly`; all others
/// on this loop.
///
/// It is no `async fn`, whose future would contain that of the request twice.
pub(crate) fn handle<F>(peer: SocketAddr, evenly: bool, request: F) -> impl Future<Output = F::Output> + Send
where
    F: Future<Output: Send> + Send + 'static,
{
    let from_outside = CURRENT.get().filter(|_| loop_of(peer.ip()).is_none());
    let here =
        LOOPS.get().zip(from_outside).and_then(|(loops, index)| Some((loops, loops.loops.get(index)?)));
    let elsewhere = here.and_then(|(loops, current)| match evenly {
        true => loops.begin_on_fewest(current),
        false => loops.begin_on_idle(current),
    });
    let other = elsewhere.as_ref().map(|in_progress| &in_progress.0.handle);
    let in_progress = elsewhere.or_else(|| here.map(|(_, current)| current.begin()));
    let counted = request.map(move |output| {
        drop(in_progress);
        output
    });
    let Some(handle) = other else { return Either::Left(counted) };
    // Its task is canceled with this future, at its next await.
    let mut there = JoinSet::new();
    there.spawn_on(counted, handle);
    Either::Right(async move {
        match there.join_next().await {
            Some(Ok(output)) => output,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The loops stop, and this one drops its tasks, too.
            _ => std::future::pending().await,
        }
    })
}

/// A request from outside in progress on a loop.
struct InProgress(&'static Loop);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The stack of a loop, in bytes of address space. Requests that run whole scenarios are deep, most
/// of all without optimization.
const STACK: usize = 16 << 20;

/// The running event loops. [`EventLoops::stop`] drops their tasks.
#[derive(Debug)]
pub struct EventLoops {
    stopping: watch::Sender<bool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl EventLoops {
    /// Starts one event loop per core for all sockets of this process. Has an effect once.
    ///
    /// # Errors
    /// When the system has no more threads or descriptors.
    pub fn start() -> io::Result<Self> {
        let (stopping, stopped) = watch::channel(false);
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(LOOPS_MAX);
        let (mut loops, mut threads) = (Vec::new(), Vec::new());
        // None of them shuts down while another one still polls what has a timer of it.
        let stop_together = Arc::new(Barrier::new(count));
        for index in 0..count {
            let stop_together = Arc::clone(&stop_together);
            let runtime = Builder::new_current_thread().enable_all().build()?;
            loops.push(Loop { handle: runtime.handle().clone(), requests: AtomicUsize::new(0) });
            let mut stopped = stopped.clone();
            let thread = std::thread::Builder::new().name(format!("loop-{index}")).stack_size(STACK);
            let thread = thread.spawn(move || {
                CURRENT.set(Some(index));
                // An error means that the sender is gone.
                let _ = runtime.block_on(stopped.wait_for(|stopped| *stopped));
                stop_together.wait();
                runtime.shutdown_background();
            })?;
            threads.push(thread);
        }
        let _ = LOOPS.set(Loops { loops, next: AtomicUsize::new(0) });
        Ok(Self { stopping, threads: Mutex::new(threads) })
    }

    /// Stops the loops, and waits until their tasks are dropped.
    pub fn stop(&self) {
        let _ = self.stopping.send(true);
        for thread in self.threads.lock().drain(..) {
            // It has nothing to report.
            let _ = thread.join();
        }
    }
}

/// Executes a connection from `peer` on its loop; on the current runtime if there are no loops.
pub(crate) fn spawn_connection<F>(peer: SocketAddr, connection: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let of_peer = |loops: &'static Loops| loops.loops.get(loop_of(peer.ip())?);
    match LOOPS.get().and_then(|loops| of_peer(loops).or_else(|| loops.least_busy())) {
        Some(found) => drop(found.handle.spawn(connection)),
        None => drop(tokio::spawn(connection)),
    }
}

/// The address from which this thread calls services of its own process, if it is a loop and the
/// system has such addresses (Linux has).
pub(crate) fn address_of_current() -> Option<IpAddr> {
    let address = address_of(CURRENT.get()?)?;
    std::net::TcpListener::bind((address, 0)).is_ok().then_some(address)
}

/// The address by which a service of this process knows that this thread calls it, if it is a loop.
pub(crate) fn peer_of_current() -> Option<SocketAddr> {
    Some(SocketAddr::new(address_of(CURRENT.get()?)?, 0))
}

fn address_of(index: usize) -> Option<IpAddr> {
    u8::try_from(index + 1).ok().map(|last| Ipv4Addr::new(127, 0, 64, last).into())
}

/// The loop that calls from this address.
fn loop_of(address: IpAddr) -> Option<usize> {
    match address.to_canonical() {
        IpAddr::V4(address) if address.octets()[..3] == [127, 0, 64] => {
            usize::from(address.octets()[3]).checked_sub(1)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_found_by_the_address_that_it_calls_from() {
        for index in [0, 1, LOOPS_MAX - 1] {
            assert_eq!(loop_of(address_of(index).unwrap()), Some(index));
        }
        for other in ["127.0.0.1", "127.0.64.0", "10.0.64.1", "::1"] {
            assert_eq!(loop_of(other.parse().unwrap()), None, "{other}");
        }
    }
}
