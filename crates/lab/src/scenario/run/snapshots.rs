//! What a scenario remembers of its snapshots.

use std::collections::HashMap;

use uuid::Uuid;

use super::world::{SavedState, StepError, World};

impl World {
    /// Remembers the present state as that of a snapshot.
    pub(in crate::scenario) fn save(&mut self, name: &str, id: Uuid) {
        let passkeys = self.authenticators.iter().map(|(role, keys)| (role.clone(), keys.keys())).collect();
        let saved = SavedState { id, world: self.fork(&format!("snapshot {name}")), passkeys };
        self.snapshots.insert(name.to_owned(), saved);
    }

    /// Returns a snapshot of an earlier step.
    pub(in crate::scenario) fn saved(&self, name: &str) -> Result<&SavedState, StepError> {
        self.snapshots.get(name).ok_or_else(|| StepError(format!("there is no snapshot '{name}'")))
    }

    /// Adds the mark of the step that took a snapshot to the state that it remembers.
    pub(super) fn mark_snapshot(&mut self, name: &str, mark: &str) {
        if let Some(saved) = self.snapshots.get_mut(name) {
            saved.world.marks.insert(mark.to_owned(), self.now);
        }
    }

    /// Returns to the state at a snapshot. Clients hold what they have got since under other names:
    /// tokens, ids, captured values, device codes, certificates and the cookies of browsers. The
    /// users' authenticators belong to the state, as the lab's phones do.
    pub(in crate::scenario) fn return_to(&mut self, name: &str) -> Result<(), StepError> {
        let saved = self.saved(name)?;
        let (mut world, passkeys) = (saved.world.fork("restored"), saved.passkeys.clone());
        add_new(&mut world.tokens, &mut self.tokens);
        add_new(&mut world.browsers, &mut self.browsers);
        add_new(&mut world.certificates, &mut self.certificates);
        add_new(&mut world.objects, &mut self.objects);
        add_new(&mut world.captured, &mut self.captured);
        add_new(&mut world.created.devices, &mut self.created.devices);
        world.authenticators = std::mem::take(&mut self.authenticators);
        world.authenticators.retain(|role, keys| {
            let count = passkeys.get(role).copied();
            count.inspect(|count| keys.truncate(*count)).is_some()
        });
        world.snapshots = std::mem::take(&mut self.snapshots);
        // Random texts are not drawn again, and requests belong to the trace of the present step.
        world.random = self.random.clone();
        (world.http, world.lab) = (self.http.clone(), self.lab.clone());
        *self = world;
        Ok(())
    }
}

/// Moves the values to `all` whose names are new there.
fn add_new<V>(all: &mut HashMap<String, V>, later: &mut HashMap<String, V>) {
    for (name, value) in later.drain() {
        all.entry(name).or_insert(value);
    }
}
