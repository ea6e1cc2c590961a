//! Requests and responses of the lab surface (`/_lab`) that every service has.

use outlive_clock::{Instant, Speed};
use serde::{Deserialize, Serialize};

/// The state of a tenant's clock in a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// Virtual time.
    pub now: Instant,
    /// How fast it runs.
    pub speed: Speed,
    /// When the service next has due work (virtual time).
    pub next_due: Option<Instant>,
}

/// A change of a clock, or the clock of a new tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockChange {
    /// The virtual time to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Instant>,
    /// How fast to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
    /// The wall time at which it shows `now`: with the same value, running clocks of all services
    /// agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall: Option<Instant>,
    /// Whether more steps follow at once, so that this one need not be durable by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub step: bool,
}

/// The due work that a service did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueWork {
    /// Number of work items done, including failed ones.
    pub done: u64,
    /// Number of failed work items.
    pub failed: u64,
    /// When something is due next (virtual time). Services leave it to their lab surface.
    pub next_due: Option<Instant>,
}

/// Selects journal events of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JournalQuery {
    /// Only lines after this sequence number.
    pub after: u64,
    /// Maximum number; the service's own limit if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only this kind, or kinds with this prefix if it ends in a dot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only this subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Only this trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Only lines about the credential with this id or fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The newest lines, newest first: of all subjects, or of one. Other criteria are ignored.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub newest: bool,
    /// With `newest`: only notable events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub notable: bool,
}
