//! Ended iterations that left the state of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::record::ActionRecord;

/// What a run knows of its archived iterations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Archived {
    pub(super) bytes: usize,
    /// The actions inside archived iterations, by name.
    pub(crate) actions: BTreeMap<String, ArchivedAction>,
    /// The first actions that failed, without their values.
    pub(crate) failures: Vec<ActionRecord>,
    /// Iterations that are not stored yet.
    #[serde(skip)]
    pub(super) pending: Vec<Iteration>,
    #[serde(skip)]
    pub(super) pending_bytes: usize,
}

/// An action inside archived iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ArchivedAction {
    /// The loop that contains it.
    pub(crate) scope: String,
    /// How many of its repetitions are archived.
    pub(crate) count: usize,
    /// The newest of them, without its values.
    pub(crate) newest: ActionRecord,
}

/// An archived iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Iteration {
    /// The loops around it, from the outside, with the numbers of the iterations.
    pub(crate) indexes: Vec<(String, usize)>,
    pub(crate) frame: Frame,
}

impl Iteration {
    /// Returns the loop whose iteration this is.
    pub(crate) fn scope(&self) -> &str {
        self.indexes.last().map_or("", |(scope, _)| scope)
    }

    /// Returns the numbers of the iterations, in the order of which names sort: `000002-000000`.
    pub(crate) fn name(&self) -> String {
        let numbers: Vec<_> = self.indexes.iter().map(|(_, index)| format!("{index:06}")).collect();
        numbers.join("-")
    }
}

impl Archived {
    /// Whether no iteration was archived.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0 && self.pending.is_empty()
    }
}
