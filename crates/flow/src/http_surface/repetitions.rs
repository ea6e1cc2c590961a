//! The repetitions of actions in loops, as a run records them.

use std::collections::HashMap;

use crate::engine::{ActionRecord, FLOW, Frame, FrameId, RunState};

/// A repetition of an action, or an iteration of a loop.
pub(super) struct Repetition<'a> {
    /// The numbers of the iterations around it, from the outside: `000002-000000`.
    pub(super) name: String,
    /// The loops around it, from the outside, with the number of the iteration.
    pub(super) indexes: Vec<(&'a str, usize)>,
    pub(super) frame: &'a Frame,
    /// `None` for an iteration.
    pub(super) record: Option<&'a ActionRecord>,
}

/// Returns all actions: those of the flow itself, then those in loops, with their newest repetition
/// and the number of repetitions that are recorded.
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
    list
}

/// Returns the repetitions of an action of this name, in order; those of a loop are its iterations.
pub(super) fn of<'a>(state: &'a RunState, action: &str) -> Vec<Repetition<'a>> {
    let mut list = Vec::new();
    for (id, frame) in &state.frames {
        let is_loop = loop_of(state, frame).is_some_and(|record| record.name == action);
        let record = frame.actions.iter().flatten().find(|record| record.name == action);
        if is_loop || record.is_some() {
            let indexes = indexes_of(state, *id);
            let name: Vec<_> = indexes.iter().map(|(_, index)| format!("{index:06}")).collect();
            let record = record.filter(|_| !is_loop);
            list.push(Repetition { name: name.join("-"), indexes, frame, record });
        }
    }
    list.sort_by(|one, other| one.name.cmp(&other.name));
    list
}

fn loop_of<'a>(state: &'a RunState, frame: &Frame) -> Option<&'a ActionRecord> {
    let actions =
        if frame.parent == FLOW { &state.actions } else { &state.frames.get(&frame.parent)?.actions };
    actions.get(frame.slot)?.as_ref()
}

fn indexes_of(state: &RunState, id: FrameId) -> Vec<(&str, usize)> {
    let mut indexes = Vec::new();
    let mut next = state.frames.get(&id);
    while let Some(frame) = next {
        let name = loop_of(state, frame).map_or("", |record| record.name.as_str());
        indexes.push((name, frame.index));
        next = state.frames.get(&frame.parent);
    }
    indexes.reverse();
    indexes
}
