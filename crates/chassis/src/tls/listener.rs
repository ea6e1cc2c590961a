//! TLS connections.

use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{PeerCertificate, TlsIdentity};
use crate::serve::Transport;
use crate::stream::Stream;

/// Performs TLS handshakes. Clients that are slow or do not use TLS do not delay others.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    handshake: Duration,
}

impl Tls {
    /// `handshake` is the timeout of a handshake, in wall time.
    pub(crate) fn new(identity: TlsIdentity, handshake: Duration) -> Self {
        Self { acceptor: TlsAcceptor::from(identity.config()), handshake }
    }
}

impl Transport for Tls {
    type Io = TlsStream<Stream>;

    async fn open(self, stream: Stream) -> Option<Self::Io> {
        match timeout(self.handshake, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("a TLS handshake took too long");
                None
            }
        }
    }

    fn peer_certificate(io: &Self::Io) -> Option<PeerCertificate> {
        let certificate = io.get_ref().1.peer_certificates()?.first()?;
        Some(PeerCertificate(certificate.as_ref().into()))
    }
}
