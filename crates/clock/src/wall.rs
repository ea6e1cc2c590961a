//! The only place that reads the system time.

use crate::Instant;

/// The current wall time, in UTC. A [`VirtualClock`](crate::VirtualClock) derives virtual time from
/// it; no decision uses wall time directly.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
pub fn wall_now() -> Instant {
    Instant::from_micros(jiff::Timestamp::now().as_microsecond())
}
