//! Accepts connections, even while the process is out of file descriptors.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream as StdTcpStream};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::LazyLock;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::occasional::Occasional;
use crate::socket_pairs::Arrivals;
use crate::stream::Stream;
use crate::{PeerCertificate, pause};

/// The delay before a failed accept is retried, in wall time.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// Failures of all sockets of the process, which have the same cause.
static FAILURES: LazyLock<Mutex<Occasional>> = LazyLock::new(Mutex::default);

/// Turns an accepted socket into a connection.
pub(crate) trait Transport: Clone + Send + Sync + 'static {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Completes the handshake; `None` if the client is too slow.
    fn open(self, stream: Stream) -> impl Future<Output = Option<Self::Io>> + Send;

    /// The certificate of the client, if it presented one.
    fn peer_certificate(_: &Self::Io) -> Option<PeerCertificate> {
        None
    }
}

/// Plain connections.
#[derive(Clone)]
pub(crate) struct Plain;

impl Transport for Plain {
    type Io = Stream;

    async fn open(self, stream: Stream) -> Option<Stream> {
        Some(stream)
    }
}

/// A connection that belongs to no runtime.
pub(super) enum Accepted {
    Tcp(StdTcpStream),
    Pair(StdUnixStream),
}

impl Accepted {
    /// Makes the current runtime the one of the connection.
    pub(super) fn on_this_runtime(self) -> io::Result<Stream> {
        match self {
            Self::Tcp(stream) => TcpStream::from_std(stream).map(Stream::Tcp),
            Self::Pair(stream) => UnixStream::from_std(stream).map(Stream::Pair),
        }
    }
}

/// Accepts one connection, of another process or of this one; failures are logged now and then, not
/// for each attempt. Dropping the future loses no connection.
pub(super) async fn accept(
    listener: &TcpListener,
    arrivals: Option<&mut Arrivals>,
) -> (Accepted, SocketAddr) {
    match arrivals {
        Some(arrivals) => tokio::select! {
            accepted = accept_tcp(listener) => accepted,
            (pair, peer) = arrivals.next() => (Accepted::Pair(pair), peer),
        },
        None => accept_tcp(listener).await,
    }
}

async fn accept_tcp(listener: &TcpListener) -> (Accepted, SocketAddr) {
    loop {
        let accepted = listener.accept().await.and_then(|(stream, peer)| {
            // Small responses are sent at once instead of waiting for more to send.
            let _ = stream.set_nodelay(true);
            Ok((Accepted::Tcp(stream.into_std()?), peer))
        });
        match accepted {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                let times = FAILURES.lock().report();
                if let Some(times) = times {
                    tracing::error!(
                        %error,
                        times,
                        "connections cannot be accepted; if too many files are open, raise the limit (ulimit -n)"
                    );
                }
                pause(RETRY_AFTER).await;
            }
        }
    }
}

/// The client closed the connection before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
