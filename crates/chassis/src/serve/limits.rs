//! The limits under which an application is served.

use std::time::Duration;

use super::descriptors::descriptor_limit;

/// Descriptors that are not for clients: databases, logs, connections to other services, and some to spare.
const DESCRIPTORS_RESERVED: u64 = 256;
/// Sockets that may be served in one process: five services, two more by TLS, and one to spare.
const SOCKETS: u64 = 8;
/// At least so many connections are served, however few descriptors there are.
const CONNECTIONS_MIN: u64 = 64;
/// The most connections that one socket serves at a time.
const CONNECTIONS_MAX: u64 = 4_096;

/// Limits on the connections of one socket. All durations are wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// The most open connections; further ones wait in the system's queue.
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
    /// As many connections as the process's descriptors allow. Idle connections stay longer than any client of this project
    /// keeps them (60 s), so that no request meets a connection that is being closed.
    fn default() -> Self {
        Self {
            connections: connections(descriptor_limit()),
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(30),
            body: Duration::from_secs(60),
            idle: Duration::from_secs(90),
            write: Duration::from_secs(60),
        }
    }
}

fn connections(descriptors: u64) -> usize {
    let share = descriptors.saturating_sub(DESCRIPTORS_RESERVED) / SOCKETS;
    usize::try_from(share.clamp(CONNECTIONS_MIN, CONNECTIONS_MAX)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sockets_of_a_process_fit_into_its_descriptors() {
        assert_eq!(connections(1_024), 96);
        assert_eq!(connections(20_000), 2_468);
        assert_eq!(connections(u64::MAX), 4_096);
        assert_eq!(connections(0), 64);
        for descriptors in [1_024, 4_096, 1_048_576] {
            let all = connections(descriptors) as u64 * SOCKETS + DESCRIPTORS_RESERVED;
            assert!(all <= descriptors, "{descriptors}");
        }
    }
}
