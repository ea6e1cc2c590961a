//! The one place that reads the system's time.

use crate::Instant;

/// The wall time: what the machine's clock says now, in UTC. Virtual time is derived from it by a
/// [`VirtualClock`](crate::VirtualClock); nothing decides by wall time itself.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
pub fn wall_now() -> Instant {
    Instant::from_micros(jiff::Timestamp::now().as_microsecond())
}
