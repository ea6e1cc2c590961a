//! Copies of all data of a tenant in one service.

use outlive_clock::{Instant, Speed};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The largest copy of a tenant in one service, in bytes.
pub const COPY_BYTES_MAX: usize = 32 << 20;

/// The version of the data of a tenant in a service. Without a change in between, it is the same.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct CopyState {
    /// The versions of the service's tables, by set of migrations: a copy is taken back by the same
    /// ones.
    pub versions: Vec<(String, i64)>,
    /// The number of the last journal line.
    pub journal: i64,
    /// What the clock showed when it was last set.
    pub shows: Instant,
    /// When it was last set (wall time).
    pub wall: Instant,
    /// The speed of time.
    pub speed: Speed,
    /// When (wall time) the creation of this data began.
    pub incarnation: Instant,
}

/// A generation of grants was begun.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct GenerationBegun {
    /// Whether the tenant's keys are of this tenant alone, so that it can leave the installation.
    pub has_own_keys: bool,
}

/// A copy that was read. Its content is for the service alone.
#[derive(Debug, Deserialize, Serialize)]
pub struct CopyAnswer {
    /// The copy.
    pub copy: Box<RawValue>,
    /// The version of the data in the copy.
    pub state: CopyState,
    /// What the clock showed, not earlier than anything in the copy.
    pub now: Instant,
}
