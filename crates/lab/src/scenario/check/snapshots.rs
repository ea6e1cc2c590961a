//! What is known after a restore: what was known at the snapshot, and what clients hold.

use serde_saphyr::Spanned;

use super::names::{Kind, Known};

/// Names of what clients hold, which no restore takes from them.
const HELD_BY_CLIENTS: [Kind; 5] =
    [Kind::Tokens, Kind::Captured, Kind::Object, Kind::Certificate, Kind::Device];

impl<'a> Known<'a> {
    /// Returns the number of snapshots.
    pub(in crate::scenario) fn snapshot_count(&self) -> usize {
        self.snapshots.len()
    }

    /// Records what is known at a snapshot that a step takes.
    pub(in crate::scenario) fn take_snapshot(&mut self, name: &'a Spanned<String>) {
        let mut known = self.clone();
        known.snapshots.clear();
        self.add(Kind::Snapshot, name);
        self.snapshots.insert(&name.value, known);
    }

    /// Adds a mark to what is known at a snapshot: that of the step that took it.
    pub(super) fn mark_snapshot(&mut self, name: &str, mark: &Spanned<String>) {
        if let Some(known) = self.snapshots.get_mut(name) {
            known.add(Kind::Mark, mark);
        }
    }

    /// Returns to what was known at a snapshot, except what clients hold and the snapshots.
    pub(in crate::scenario) fn restore(&mut self, name: &str) {
        let Some(mut known) = self.snapshots.get(name).cloned() else { return };
        for (tokens, why) in &self.without_refresh_token {
            if !known.is_defined(Kind::Tokens, tokens) {
                known.without_refresh_token.insert(tokens, why);
            }
        }
        for kind in HELD_BY_CLIENTS.into_iter().chain([Kind::Snapshot]) {
            let names = self.names.remove(&kind).unwrap_or_default();
            if kind == Kind::Snapshot {
                known.names.insert(kind, names);
            } else {
                known.names.entry(kind).or_default().extend(names);
            }
        }
        known.browsers.extend(&self.browsers);
        known.snapshots = std::mem::take(&mut self.snapshots);
        *self = known;
    }

    /// Removes a snapshot that a step deletes.
    pub(in crate::scenario) fn delete_snapshot(&mut self, name: &str) {
        self.remove(Kind::Snapshot, name);
        self.snapshots.remove(name);
    }
}
