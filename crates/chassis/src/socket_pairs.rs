//! Connections between the services of one process: pairs of connected sockets of the system,
//! through which a message takes half the time that it takes through TCP.
//!
//! A service accepts its end as it accepts a connection from elsewhere, within the same limits.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::LazyLock;

use parking_lot::Mutex;
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::mpsc;

use crate::event_loops;

/// Maximum number of pairs that wait to be accepted by one socket; further callers use TCP. Unlike
/// connections that wait in the system, each has a descriptor.
const WAITING_MAX: usize = 32;

/// The sockets of `127.0.0.1` that this process serves without TLS, by port.
static SERVED: LazyLock<Mutex<HashMap<u16, mpsc::Sender<Arriving>>>> = LazyLock::new(Mutex::default);

/// The service's end of a pair, and from where it is called.
pub(crate) type Arriving = (StdUnixStream, SocketAddr);

/// What arrives at a socket from this process, until it is dropped.
#[derive(Debug)]
pub(crate) struct Arrivals {
    port: u16,
    sender: mpsc::Sender<Arriving>,
    arriving: mpsc::Receiver<Arriving>,
}

impl Arrivals {
    /// Lets this process call the service of a socket by pairs, if `127.0.0.1` belongs to it.
    pub(crate) fn at(listener: &TcpListener) -> Option<Self> {
        let address = listener.local_addr().ok()?;
        if address.ip() != Ipv4Addr::LOCALHOST && address.ip() != Ipv4Addr::UNSPECIFIED {
            return None;
        }
        let (sender, arriving) = mpsc::channel(WAITING_MAX);
        SERVED.lock().insert(address.port(), sender.clone());
        Some(Self { port: address.port(), sender, arriving })
    }

    /// Waits for the next pair. Dropping the future loses none.
    pub(crate) async fn next(&mut self) -> Arriving {
        match self.arriving.recv().await {
            Some(arriving) => arriving,
            // It has a sender of its own.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        let mut served = SERVED.lock();
        if served.get(&self.port).is_some_and(|sender| sender.same_channel(&self.sender)) {
            served.remove(&self.port);
        }
    }
}

/// Connects this thread's event loop with the service at `127.0.0.1` and this port, if this process
/// serves it.
pub(crate) fn connect(port: u16) -> Option<UnixStream> {
    connect_from(event_loops::peer_of_current()?, port)
}

fn connect_from(peer: SocketAddr, port: u16) -> Option<UnixStream> {
    let sender = SERVED.lock().get(&port).cloned()?;
    let (own, other) = StdUnixStream::pair().ok()?;
    own.set_nonblocking(true).ok()?;
    other.set_nonblocking(true).ok()?;
    let own = UnixStream::from_std(own).ok()?;
    sender.try_send((other, peer)).ok()?;
    Some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn listener(address: &str) -> (TcpListener, u16) {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    #[tokio::test]
    async fn a_pair_arrives_while_there_is_room() {
        let peer = "127.0.64.1:0".parse().unwrap();
        let (listener, port) = listener("127.0.0.1:0").await;
        assert!(connect_from(peer, port).is_none(), "nothing is served");
        let mut arrivals = Arrivals::at(&listener).unwrap();
        let pairs: Vec<_> = (0..WAITING_MAX).map(|_| connect_from(peer, port)).collect();
        assert!(pairs.iter().all(Option::is_some));
        assert!(connect_from(peer, port).is_none(), "too many wait");
        assert_eq!(arrivals.next().await.1, peer);
        assert!(connect_from(peer, port).is_some());

        let newer = Arrivals::at(&listener).unwrap();
        drop(arrivals);
        assert!(connect_from(peer, port).is_some(), "the newer one is left");
        drop(newer);
        assert!(connect_from(peer, port).is_none());
    }

    #[tokio::test]
    async fn only_the_address_that_services_call_has_pairs() {
        for (address, has_pairs) in [("127.0.0.1:0", true), ("0.0.0.0:0", true), ("[::1]:0", false)] {
            let (listener, _) = listener(address).await;
            assert_eq!(Arrivals::at(&listener).is_some(), has_pairs, "{address}");
        }
    }
}
