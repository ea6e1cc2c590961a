//! What a clock showed when work began.

use outlive_clock::Instant;

/// What a tenant's clock shows, and of which data of the tenant the clock is. Work that lasts keeps
/// what it was begun with: the tenant may be started over meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The virtual time.
    pub now: Instant,
    /// When (wall time) the creation of the tenant began.
    pub incarnation: Instant,
    /// Whether the clock stands still.
    pub is_frozen: bool,
}
