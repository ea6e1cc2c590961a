//! A recorded event, as a journal returns it.

use outlive_clock::{Instant, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{JournalEvent, UnknownEvent};

/// A journal event with its place, its time and its subject.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct JournalLine {
    /// Its place in the service's journal: rises without gaps, in the order of the commits.
    pub seq: i64,
    /// The service that recorded it.
    pub service: String,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Virtual time of the tenant when it happened.
    pub at: Instant,
    /// Wall time when it was recorded.
    pub wall: Instant,
    /// What happened (`token.refused`).
    pub kind: String,
    /// What it happened to (`connection:<id>`).
    pub subject: String,
    /// The trace (W3C trace id) it belongs to.
    pub trace: String,
    /// The payload, whose form its kind determines.
    pub data: Value,
}

impl JournalLine {
    /// The event as its type.
    ///
    /// # Errors
    /// No event of this kind has this payload: another version of the program recorded it.
    pub fn event(&self) -> Result<JournalEvent, UnknownEvent> {
        JournalEvent::read(&self.kind, &self.data)
    }
}
