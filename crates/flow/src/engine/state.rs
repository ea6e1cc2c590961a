//! The state of a run, which is stored while it waits.

use std::collections::BTreeMap;

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::archived::Archived;
use super::frame::Frame;
use super::place::{FLOW, FrameId, Spot};
use super::record::{ActionRecord, Failure};
use crate::definition::{Definition, Hidden, VariableType};
use crate::expression::weigh;
use crate::status::ActionStatus;

/// The maximum size of the inputs and outputs of all actions of a run, and of its variables,
/// roughly in bytes of JSON.
pub(crate) const RUN_BYTES_MAX: usize = 4 << 20;

/// An action with values of this size counts as one more.
const BYTES_PER_ACTION: usize = 64 << 10;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunState {
    /// When it began (virtual).
    pub started: Instant,
    pub(super) trigger_outputs: Value,
    /// The actions of the flow itself, by slot; `None` if not started.
    pub actions: Vec<Option<ActionRecord>>,
    /// The iterations that are running, and the ended ones that are not archived.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub frames: BTreeMap<FrameId, Frame>,
    /// The ended iterations that are stored on their own.
    #[serde(default, skip_serializing_if = "Archived::is_empty")]
    pub archived: Archived,
    /// The variables, by lower-case name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) variables: BTreeMap<String, Variable>,
    /// What a `Response` sent to the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<SentResponse>,
    /// The outputs of the whole flow, as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Value>,
    /// The tracking id, if the trigger sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tracking_id: Option<String>,
    /// The actions whose subscriptions are not needed any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsubscriptions: Vec<Spot>,
    /// What the run history does not show of the trigger.
    #[serde(default, skip_serializing_if = "Hidden::nothing")]
    pub(super) hidden: Hidden,
    /// The number of actions that were started, and of iterations.
    #[serde(default)]
    pub(super) executed: u64,
    #[serde(default)]
    last_frame: FrameId,
    /// The size of all inputs and outputs, in bytes.
    weight: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Variable {
    pub name: String,
    pub kind: VariableType,
    pub value: Value,
}

/// The response to the caller of the trigger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SentResponse {
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

impl RunState {
    /// Creates the state of a run of `definition` that begins at `started`.
    pub(crate) fn new(definition: &Definition, started: Instant, trigger_outputs: Value) -> Self {
        let weight = weigh(&trigger_outputs).unwrap_or(0);
        Self {
            started,
            trigger_outputs,
            actions: vec![None; definition.members(0).len()],
            frames: BTreeMap::new(),
            archived: Archived::default(),
            variables: BTreeMap::new(),
            response: None,
            outputs: None,
            tracking_id: None,
            unsubscriptions: Vec::new(),
            hidden: definition.trigger.hidden,
            executed: 0,
            last_frame: FLOW,
            weight,
        }
    }

    /// Returns the outputs of the trigger, for another run.
    pub(crate) fn into_trigger_outputs(self) -> Value {
        self.trigger_outputs
    }

    /// Whether an action was started.
    pub(crate) fn has_begun(&self) -> bool {
        self.actions.iter().any(Option::is_some)
    }

    /// Whether this is a state of `definition`; otherwise the run cannot be resumed.
    pub(crate) fn matches(&self, definition: &Definition) -> bool {
        let fits = |body: usize, records: &[Option<ActionRecord>]| {
            let members = definition.members(body);
            members.len() == records.len()
                && members.iter().zip(records).all(|(place, record)| {
                    record.as_ref().is_none_or(|record| record.name == definition.actions[*place].name)
                })
        };
        fits(0, &self.actions)
            && self.frames.values().all(|frame| {
                let parent = self.body_of(frame.parent);
                let slot = parent.and_then(|parent| definition.members(parent).get(frame.slot));
                frame.body < definition.bodies.len()
                    && slot.is_some_and(|place| definition.bodies[frame.body].of == Some(*place))
                    && fits(frame.body, &frame.actions)
            })
    }

    pub(super) fn body_of(&self, frame: FrameId) -> Option<usize> {
        if frame == FLOW { Some(0) } else { self.frames.get(&frame).map(|frame| frame.body) }
    }

    /// Returns the actions of a frame, by slot.
    pub(super) fn records(&self, frame: FrameId) -> &[Option<ActionRecord>] {
        if frame == FLOW {
            return &self.actions;
        }
        self.frames.get(&frame).map_or(&[], |frame| &frame.actions)
    }

    pub(super) fn record(&self, at: Spot) -> Option<&ActionRecord> {
        self.records(at.frame).get(at.slot)?.as_ref()
    }

    /// Whether an action has ended, or its iteration has.
    pub(crate) fn has_ended(&self, at: Spot) -> bool {
        let is_gone = at.frame != FLOW && !self.frames.contains_key(&at.frame) && at.frame <= self.last_frame;
        is_gone || self.status(at).is_some_and(ActionStatus::is_final)
    }

    /// Whether an action waits to be called back.
    pub(crate) fn awaits_callbacks(&self) -> bool {
        let inner = self.frames.values().flat_map(|frame| &frame.actions);
        self.actions.iter().chain(inner).flatten().any(|record| record.awaits_callback)
    }

    pub(super) fn slot_mut(&mut self, at: Spot) -> Option<&mut Option<ActionRecord>> {
        let actions =
            if at.frame == FLOW { &mut self.actions } else { &mut self.frames.get_mut(&at.frame)?.actions };
        actions.get_mut(at.slot)
    }

    pub(super) fn record_mut(&mut self, at: Spot) -> Option<&mut ActionRecord> {
        self.slot_mut(at)?.as_mut()
    }

    pub(super) fn status(&self, at: Spot) -> Option<ActionStatus> {
        self.record(at).map(|record| record.status)
    }

    /// Stores a record. If its values exceed what the run may hold, the action fails.
    pub(super) fn store(&mut self, at: Spot, mut record: ActionRecord) {
        let kept = self.record(at).and_then(ActionRecord::weight).unwrap_or(0);
        self.weight = self.weight.saturating_sub(kept);
        match record.weight().filter(|weight| self.weight + weight <= RUN_BYTES_MAX) {
            Some(weight) => {
                self.weight += weight;
                // Large values cost as much as many actions.
                self.executed += u64::try_from(weight / BYTES_PER_ACTION).unwrap_or(u64::MAX);
            }
            None => {
                record.inputs = None;
                record.outputs = None;
                record.iterations = None;
                record.retry_due = None;
                record.wait_until = None;
                record.end = record.end.or(Some(record.start));
                self.weight += record.weight().unwrap_or(0);
                record.fail(Failure::new(
                    "ActionOutputsTooLarge",
                    format!("The outputs of '{}' would make the run larger than {RUN_BYTES_MAX} bytes, or are nested too deeply.", record.name),
                ));
            }
        }
        if let Some(slot) = self.slot_mut(at) {
            *slot = Some(record);
        }
    }

    /// Sets a variable, unless the run would become too large.
    pub(super) fn set_variable(&mut self, variable: Variable) -> Result<(), Failure> {
        let key = variable.name.to_lowercase();
        let kept = self.variables.get(&key).and_then(|old| weigh(&old.value)).unwrap_or(0);
        let weight = weigh(&variable.value).map(|weight| self.weight.saturating_sub(kept) + weight);
        match weight.filter(|weight| *weight <= RUN_BYTES_MAX) {
            Some(weight) => {
                self.weight = weight;
                self.variables.insert(key, variable);
                Ok(())
            }
            None => Err(Failure::new(
                "ActionOutputsTooLarge",
                format!(
                    "The variable '{}' would make the run larger than {RUN_BYTES_MAX} bytes, or is nested too deeply.",
                    variable.name
                ),
            )),
        }
    }

    /// Adds a frame for an iteration of the loop at `of`.
    pub(super) fn add_frame(
        &mut self,
        definition: &Definition,
        of: Spot,
        index: usize,
        now: Instant,
    ) -> FrameId {
        let place = self.body_of(of.frame).and_then(|body| definition.members(body).get(of.slot).copied());
        let body = place.and_then(|place| definition.body_of_loop(place)).unwrap_or_default();
        self.last_frame = self.last_frame.wrapping_add(1).max(1);
        let actions = vec![None; definition.members(body).len()];
        let (parent, slot) = (of.frame, of.slot);
        let status = ActionStatus::Running;
        self.weight += frame_weight(&actions);
        let frame = Frame { body, parent, slot, index, start: now, end: None, status, actions };
        self.frames.insert(self.last_frame, frame);
        self.last_frame
    }

    /// Removes a frame, whose loops have ended. Those of its loops stay.
    pub(super) fn take_frame(&mut self, id: FrameId) -> Option<Frame> {
        let frame = self.frames.remove(&id)?;
        let records = frame.actions.iter().flatten().map(|record| record.weight().unwrap_or(0));
        self.weight = self.weight.saturating_sub(frame_weight(&frame.actions) + records.sum::<usize>());
        Some(frame)
    }

    pub(super) const fn weight(&self) -> usize {
        self.weight
    }

    pub(super) const fn weighs_more_than(&self, bytes: usize) -> bool {
        self.weight > bytes
    }

    /// Whether much of what the run may hold is used.
    pub(super) const fn is_heavy(&self) -> bool {
        self.weight > RUN_BYTES_MAX / 2
    }

    /// Whether there is no room for another iteration.
    pub(super) const fn is_full(&self) -> bool {
        self.weight > RUN_BYTES_MAX - BYTES_PER_ACTION || self.has_full_archive()
    }
}

/// Returns the size of a frame without records.
const fn frame_weight(actions: &[Option<ActionRecord>]) -> usize {
    200 + 8 * actions.len()
}
