//! An iteration of a loop, as a run records it.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};

use super::place::FrameId;
use super::record::ActionRecord;
use crate::status::ActionStatus;

/// An iteration of a loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// The body of the loop.
    pub body: usize,
    /// The frame and slot of the loop.
    pub parent: FrameId,
    pub slot: usize,
    /// The number of the iteration, from 0.
    pub index: usize,
    pub start: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    pub status: ActionStatus,
    pub actions: Vec<Option<ActionRecord>>,
}
