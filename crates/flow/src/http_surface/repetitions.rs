//! The repetitions of actions in loops, as a run records them.

use std::borrow::Cow;
use std::collections::HashMap;

use outlive_store::{Store, StoreError};

use crate::engine::{ActionRecord, Frame, Iteration, RunState};
use crate::tables::repetitions::{self, RunKey};

/// A repetition of an action, or an iteration of a loop.
pub(super) struct Repetition<'a> {
    /// The numbers of the iterations around it, from the outside: `000002-000000`.
    pub(super) name: String,
    /// The loops around it, from the outside, with the number of the iteration.
    pub(super) indexes: Vec<(String, usize)>,
    pub(super) frame: Cow<'a, Frame>,
    /// The place of the action in the frame; `None` for an iteration.
    slot: Option<usize>,
}

impl Repetition<'_> {
    /// Returns the action, unless this is an iteration.
    pub(super) fn record(&self) -> Option<&ActionRecord> {
        self.frame.actions.get(self.slot?)?.as_ref()
    }
}

/// Returns all actions: those of the flow itself, then those in loops, with their newest repetition
/// and the number of repetitions.
pub(super) fn newest(state: &RunState) -> Vec<(&ActionRecord, Option<usize>)> {
    let mut list: Vec<_> = state.actions.iter().flatten().map(|record| (record, None)).collect();
    let mut places = HashMap::new();
    for record in state.frames.values().flat_map(|frame| frame.actions.iter().flatten()) {
        let place = *places.entry(record.name.as_str()).or_insert_with(|| {
            list.push((record, Some(0)));
            list.len() - 1
        });
        let count = list[place].1.unwrap_or_default() + 1;
        list[place] = (record, Some(count));
    }
    for (name, archived) in &state.archived.actions {
        match places.get(name.as_str()) {
            Some(place) => list[*place].1 = list[*place].1.map(|count| count + archived.count),
            None => list.push((&archived.newest, Some(archived.count))),
        }
    }
    list
}

/// Returns up to `limit` repetitions of an action of this name after the one named `after`, in
/// order; those of a loop are its iterations.
pub(super) async fn page<'a>(
    store: &Store,
    run: RunKey<'_>,
    state: &'a RunState,
    action: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<Repetition<'a>>, StoreError> {
    let mut list = held(state, action);
    list.retain(|one| one.name.as_str() > after);
    if !state.archived.is_empty() {
        let archived = repetitions::list(store, run, scopes(state, action), after, limit).await?;
        list.extend(archived.into_iter().map(|iteration| of_archive(iteration, action)));
    }
    list.sort_by(|one, other| one.name.cmp(&other.name));
    list.truncate(limit as usize);
    Ok(list)
}

/// Returns the repetition of this name.
pub(super) async fn find<'a>(
    store: &Store,
    run: RunKey<'_>,
    state: &'a RunState,
    action: &str,
    name: &str,
) -> Result<Option<Repetition<'a>>, StoreError> {
    let found = held(state, action).into_iter().find(|one| one.name == name);
    if found.is_some() || state.archived.is_empty() {
        return Ok(found);
    }
    let archived = repetitions::find(store, run, scopes(state, action), name).await?;
    Ok(archived.into_iter().next().map(|iteration| of_archive(iteration, action)))
}

/// Returns the loops whose iterations are repetitions of an action: itself, and the one around it.
fn scopes<'a>(state: &'a RunState, action: &'a str) -> [&'a str; 2] {
    [action, state.archived.actions.get(action).map_or(action, |archived| &archived.scope)]
}

fn of_archive(iteration: Iteration, action: &str) -> Repetition<'static> {
    let name = iteration.name();
    let slot = if iteration.scope() == action { None } else { slot_of(&iteration.frame, action) };
    Repetition { name, indexes: iteration.indexes, frame: Cow::Owned(iteration.frame), slot }
}

fn slot_of(frame: &Frame, action: &str) -> Option<usize> {
    frame.actions.iter().position(|record| record.as_ref().is_some_and(|record| record.name == action))
}

/// Returns the repetitions that the state of the run holds.
pub(super) fn held<'a>(state: &'a RunState, action: &str) -> Vec<Repetition<'a>> {
    let mut list = Vec::new();
    for (id, frame) in &state.frames {
        let is_loop = state.loop_of(frame).is_some_and(|record| record.name == action);
        let slot = slot_of(frame, action).filter(|_| !is_loop);
        if is_loop || slot.is_some() {
            let indexes = state.indexes_of(*id).into_iter().map(|(name, index)| (name.to_owned(), index));
            let indexes: Vec<_> = indexes.collect();
            let name: Vec<_> = indexes.iter().map(|(_, index)| format!("{index:06}")).collect();
            list.push(Repetition { name: name.join("-"), indexes, frame: Cow::Borrowed(frame), slot });
        }
    }
    list
}
