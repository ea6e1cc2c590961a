//! Events of the revocation table.

use outlive_clock::Instant;
use outlive_rules::Event;

/// An event with a row in the table, and when it happened. While a clock stands still, many events
/// share an instant: the wall time is their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) event: Event,
    pub(crate) at: Instant,
    /// When it was recorded; none if only its latest occurrence is known.
    pub(crate) wall: Option<Instant>,
}

impl Happened {
    /// Its place among the events of a tenant.
    pub(crate) const fn order(&self) -> Order {
        (self.at, self.wall)
    }
}

/// The place of an event among those of a tenant: virtual time, then wall time.
pub(crate) type Order = (Instant, Option<Instant>);
