//! A socket whose connections are TLS.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::TlsIdentity;
use crate::occasional::Occasional;
use crate::serve::{Accept, accept_tcp};

/// How many handshakes may be in progress; further connections wait in the system's queue.
const HANDSHAKES_MAX: usize = 256;

type Connection = (TlsStream<TcpStream>, SocketAddr);

/// Returns connections once their handshake is complete. Clients that are slow or do not speak TLS
/// delay no others.
pub(crate) struct TlsAcceptor {
    listener: TcpListener,
    acceptor: tokio_rustls::TlsAcceptor,
    handshake: Duration,
    handshakes: JoinSet<io::Result<Connection>>,
    failures: Occasional,
}

impl TlsAcceptor {
    /// `handshake` is the longest that a handshake may take, in wall time.
    pub(crate) fn new(listener: TcpListener, identity: TlsIdentity, handshake: Duration) -> Self {
        let acceptor = tokio_rustls::TlsAcceptor::from(identity.config());
        Self { listener, acceptor, handshake, handshakes: JoinSet::new(), failures: Occasional::default() }
    }
}

impl Accept for TlsAcceptor {
    type Io = TlsStream<TcpStream>;

    async fn accept(&mut self) -> Connection {
        loop {
            let room = self.handshakes.len() < HANDSHAKES_MAX;
            tokio::select! {
                Some(done) = self.handshakes.join_next() => match done {
                    Ok(Ok(connection)) => return connection,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(error) => tracing::error!(%error, "a TLS handshake panicked"),
                },
                (stream, from) = accept_tcp(&self.listener, &mut self.failures), if room => {
                    let shaking = shake_hands(self.acceptor.clone(), self.handshake, stream, from);
                    self.handshakes.spawn(shaking);
                }
            }
        }
    }
}

async fn shake_hands(
    acceptor: tokio_rustls::TlsAcceptor,
    limit: Duration,
    stream: TcpStream,
    from: SocketAddr,
) -> io::Result<Connection> {
    let stream = timeout(limit, acceptor.accept(stream)).await??;
    Ok((stream, from))
}
