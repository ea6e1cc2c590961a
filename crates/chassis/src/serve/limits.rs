//! The limits under which an application is served.

use std::time::Duration;

/// The most connections that one socket serves at a time.
const CONNECTIONS_MAX: usize = 4_096;

/// Limits on the connections of one socket. All durations are wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// The most open connections of the socket; further ones wait in the system's queue. They also
    /// wait while the process has no descriptor for them: see `Budget`.
    pub connections: usize,
    /// The longest that a TLS handshake may take.
    pub handshake: Duration,
    /// The longest until the header of a request is complete, from its first byte; for a connection's first request, from the
    /// connection's start.
    pub header: Duration,
    /// The longest until the body of a request is complete, from the end of its header.
    pub body: Duration,
    /// The longest that a connection stays open between two requests.
    pub idle: Duration,
    /// The longest that a client may read nothing of an unfinished response. A response that has nothing to send (a stream
    /// without events, a long advance) has no limit.
    pub write: Duration,
}

impl Default for ServeLimits {
    /// Idle connections stay longer than any client of this project
    /// keeps them (60 s), so that no request meets a connection that is being closed.
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(30),
            body: Duration::from_secs(60),
            idle: Duration::from_secs(90),
            write: Duration::from_secs(60),
        }
    }
}
