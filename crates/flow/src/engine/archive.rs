//! Ended iterations that leave the state of a run, each to be stored on its own, so that neither
//! the state nor the memory of the process grows with the number of iterations.

use super::archived::{ArchivedAction, Iteration};
use super::frame::Frame;
use super::place::{FLOW, FrameId};
use super::record::ActionRecord;
use super::state::RunState;
use crate::status::ActionStatus;

/// The maximum size of the archived iterations of a run, roughly in bytes of JSON.
pub(super) const ARCHIVED_BYTES_MAX: usize = 64 << 20;

/// The size of archived iterations in memory from which they are stored before the run goes on.
const PENDING_BYTES_MAX: usize = 1 << 20;

/// A run that holds more iterations than this, or more bytes, archives those that it can.
const HELD_FRAMES_MAX: usize = 200;
const HELD_BYTES_MAX: usize = 256 << 10;

/// The maximum number of archived failures that are also kept in the state.
const FAILURES_MAX: usize = 20;

impl RunState {
    /// Takes the archived iterations that are not stored yet.
    pub(crate) fn take_archived(&mut self) -> Vec<Iteration> {
        self.archived.pending_bytes = 0;
        std::mem::take(&mut self.archived.pending)
    }

    /// Whether there are archived iterations that are not stored yet.
    pub(crate) fn has_archived(&self) -> bool {
        !self.archived.pending.is_empty()
    }

    /// Whether archived iterations have to be stored before the run goes on.
    pub(super) const fn must_store(&self) -> bool {
        self.archived.pending_bytes > PENDING_BYTES_MAX
    }

    /// Whether the run holds so much that ended iterations should leave its state.
    pub(super) fn should_archive(&self) -> bool {
        self.frames.len() > HELD_FRAMES_MAX || self.weighs_more_than(HELD_BYTES_MAX)
    }

    pub(super) const fn has_full_archive(&self) -> bool {
        self.archived.bytes > ARCHIVED_BYTES_MAX
    }

    /// Moves an ended iteration, with those of the loops inside, from the state to the archive.
    pub(super) fn archive(&mut self, id: FrameId) {
        let indexes =
            self.indexes_of(id).into_iter().map(|(scope, index)| (scope.to_owned(), index)).collect();
        let before = self.weight();
        let Some(frame) = self.take_frame(id) else { return };
        let bytes = before.saturating_sub(self.weight());
        self.archived.bytes += bytes;
        self.archived.pending_bytes += bytes;
        let inner = frame.actions.iter().flatten().filter_map(|record| record.iterations.as_ref());
        let inner: Vec<_> = inner.flat_map(|iterations| iterations.frames().collect::<Vec<_>>()).collect();
        // Those inside need the frame for their place.
        self.frames.insert(id, frame);
        for one in inner {
            self.archive(one);
        }
        let Some(frame) = self.frames.remove(&id) else { return };
        let iteration = Iteration { indexes, frame };
        self.count(&iteration);
        self.archived.pending.push(iteration);
    }

    fn count(&mut self, iteration: &Iteration) {
        for record in iteration.frame.actions.iter().flatten() {
            let newest = record.without_values();
            if record.status == ActionStatus::Failed && self.archived.failures.len() < FAILURES_MAX {
                self.archived.failures.push(ActionRecord { error: record.error.clone(), ..newest.clone() });
            }
            match self.archived.actions.get_mut(&record.name) {
                Some(known) => {
                    known.count += 1;
                    known.newest = newest;
                }
                None => {
                    let scope = iteration.scope().to_owned();
                    let action = ArchivedAction { scope, count: 1, newest };
                    self.archived.actions.insert(record.name.clone(), action);
                }
            }
        }
    }

    /// Returns the loops around a frame, from the outside, with the numbers of the iterations.
    pub(crate) fn indexes_of(&self, id: FrameId) -> Vec<(&str, usize)> {
        let mut indexes = Vec::new();
        let mut next = self.frames.get(&id);
        while let Some(frame) = next {
            let name = self.loop_of(frame).map_or("", |record| record.name.as_str());
            indexes.push((name, frame.index));
            next = self.frames.get(&frame.parent);
        }
        indexes.reverse();
        indexes
    }

    /// Returns the loop whose iteration a frame is.
    pub(crate) fn loop_of(&self, frame: &Frame) -> Option<&ActionRecord> {
        let actions =
            if frame.parent == FLOW { &self.actions } else { &self.frames.get(&frame.parent)?.actions };
        actions.get(frame.slot)?.as_ref()
    }
}
