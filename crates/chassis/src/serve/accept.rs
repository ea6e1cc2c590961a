//! Accepts connections, also while the process has no descriptor to spare.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::occasional::Occasional;
use crate::pause;

/// How long, in wall time, until a failed accept is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// A source of connections.
pub(crate) trait Accept: Send {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Returns the next connection and its client's address. Dropping the future loses no connection.
    fn accept(&mut self) -> impl Future<Output = (Self::Io, SocketAddr)> + Send;
}

/// Accepts connections that are used as they are.
pub(crate) struct TcpAcceptor {
    listener: TcpListener,
    failures: Occasional,
}

impl TcpAcceptor {
    pub(crate) fn new(listener: TcpListener) -> Self {
        Self { listener, failures: Occasional::default() }
    }
}

impl Accept for TcpAcceptor {
    type Io = TcpStream;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        accept_tcp(&self.listener, &mut self.failures).await
    }
}

/// Accepts one connection; failures are logged now and then, not for each attempt.
pub(crate) async fn accept_tcp(listener: &TcpListener, failures: &mut Occasional) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Small responses are sent at once instead of waiting for more to send.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                if let Some(times) = failures.report() {
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
