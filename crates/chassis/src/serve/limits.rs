//! How connections are served.

use std::time::Duration;

/// Maximum number of concurrent connections per socket.
const CONNECTIONS_MAX: usize = 4_096;

/// How the connections of one socket are served, above all limits on them. All durations are wall
/// time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// Maximum number of open connections of the socket; further ones wait in the system's queue,
    /// also while the process is out of descriptors (see `Budget`).
    pub connections: usize,
    /// The timeout of a TLS handshake.
    pub handshake: Duration,
    /// The timeout of a request header, from its first byte or, for the first request, from the
    /// start of the connection.
    pub header: Duration,
    /// The timeout of a request body, from the end of its header.
    pub body: Duration,
    /// How long the rest of a body is waited for that the service did not read.
    pub unread: Duration,
    /// The timeout between two requests.
    pub idle: Duration,
    /// The timeout of a client that does not read a pending response. A response without data to
    /// send (a stream without events, a long advance) has no timeout.
    pub write: Duration,
    /// Whether a request is handled by the event loop with the fewest in progress, if that of its
    /// connection has more, and not only by one without any: for requests that take so long that
    /// changing the thread costs little.
    pub evenly: bool,
}

impl Default for ServeLimits {
    /// Idle connections stay open longer than clients of this project keep them (60 s), so that no
    /// request is sent on a closing connection.
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(30),
            body: Duration::from_secs(60),
            unread: Duration::from_millis(500),
            idle: Duration::from_secs(90),
            write: Duration::from_secs(60),
            evenly: false,
        }
    }
}
