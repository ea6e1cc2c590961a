//! Events of the revocation table.

use outlive_clock::Instant;
use outlive_rules::Event;

/// An event with a row in the table, and when it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) event: Event,
    pub(crate) at: Instant,
}
