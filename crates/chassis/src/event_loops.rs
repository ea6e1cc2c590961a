//! Event loops: one thread per core, each with a runtime of its own.
//!
//! A request and the calls that it causes stay on one thread, so that none of them wakes another
//! thread. In a process with all services, this includes the services that it calls: a loop calls
//! from a loopback address of its own, by which the accepting socket finds the loop.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

/// The loops of this process; none in a process that starts none (a test).
static LOOPS: OnceLock<Loops> = OnceLock::new();

/// Maximum number of loops: the last byte of their addresses.
const LOOPS_MAX: usize = 254;

thread_local! {
    /// The loop of this thread.
    static CURRENT: Cell<Option<usize>> = const { Cell::new(None) };
}

#[derive(Debug)]
struct Loops {
    handles: Vec<Handle>,
    /// The loop of the next connection from outside.
    next: AtomicUsize,
}

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
        let (mut handles, mut threads) = (Vec::new(), Vec::new());
        for index in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            handles.push(runtime.handle().clone());
            let mut stopped = stopped.clone();
            let thread = std::thread::Builder::new().name(format!("loop-{index}")).spawn(move || {
                CURRENT.set(Some(index));
                // An error means that the sender is gone.
                let _ = runtime.block_on(stopped.wait_for(|stopped| *stopped));
                runtime.shutdown_background();
            })?;
            threads.push(thread);
        }
        let _ = LOOPS.set(Loops { handles, next: AtomicUsize::new(0) });
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
    match LOOPS.get() {
        Some(loops) => {
            let index = loop_of(peer.ip()).filter(|index| *index < loops.handles.len());
            let index =
                index.unwrap_or_else(|| loops.next.fetch_add(1, Ordering::Relaxed) % loops.handles.len());
            loops.handles[index].spawn(connection);
        }
        None => {
            tokio::spawn(connection);
        }
    }
}

/// The address from which this thread calls services of its own process, if it is a loop and the
/// system has such addresses (Linux has).
pub(crate) fn address_of_current() -> Option<IpAddr> {
    let address = address_of(CURRENT.get()?)?;
    std::net::TcpListener::bind((address, 0)).is_ok().then_some(address)
}

fn address_of(index: usize) -> Option<IpAddr> {
    let last = u8::try_from(index + 1).ok()?;
    Some(Ipv4Addr::new(127, 0, 64, last).into())
}

/// The loop that calls from this address.
fn loop_of(address: IpAddr) -> Option<usize> {
    match address {
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
            if let Some(address) = address_of(index) {
                assert_eq!(loop_of(address), Some(index));
            }
        }
        for other in ["127.0.0.1", "127.0.64.0", "10.0.64.1", "::1"] {
            assert_eq!(loop_of(other.parse().unwrap()), None, "{other}");
        }
    }
}
