//! A socket whose connections are TLS.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::TlsIdentity;

/// The longest a client may take to shake hands, in wall time.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many may shake hands at once; further connections wait in the system's queue.
const HANDSHAKES_MAX: usize = 256;

type Connection = (TlsStream<TcpStream>, SocketAddr);

/// Hands out connections once their handshake is done. Those that are slow or do not speak TLS hold up nobody else.
pub(crate) struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<io::Result<Connection>>,
}

impl TlsListener {
    pub(crate) fn new(listener: TcpListener, identity: TlsIdentity) -> Self {
        Self { listener, acceptor: TlsAcceptor::from(identity.config()), handshakes: JoinSet::new() }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Connection {
        loop {
            let room = self.handshakes.len() < HANDSHAKES_MAX;
            tokio::select! {
                Some(done) = self.handshakes.join_next() => match done {
                    Ok(Ok(connection)) => return connection,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(error) => tracing::error!(%error, "a TLS handshake was lost"),
                },
                (stream, from) = Listener::accept(&mut self.listener), if room => {
                    self.handshakes.spawn(shake_hands(self.acceptor.clone(), stream, from));
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

async fn shake_hands(acceptor: TlsAcceptor, stream: TcpStream, from: SocketAddr) -> io::Result<Connection> {
    let _ = stream.set_nodelay(true);
    let stream = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await??;
    Ok((stream, from))
}
