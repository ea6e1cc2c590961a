//! What expressions can read of a run.

use std::borrow::Cow;
use std::cell::OnceCell;

use outlive_clock::Instant;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::place::{FrameId, Spot};
use super::record::ActionRecord;
use super::state::RunState;
use crate::definition::{ActionKind, Definition};
use crate::expression::facts::{Fact, Missing};
use crate::expression::{EvaluationError, Facts, VALUE_BYTES_MAX};
use crate::status::ActionStatus;

/// The maximum of what the evaluations of one action produce and read, in bytes.
const SPENT_MAX: usize = 300 * VALUE_BYTES_MAX;

pub(super) struct View<'a> {
    pub(super) definition: &'a Definition,
    pub(super) state: &'a RunState,
    pub(super) context: &'a Context<'a>,
    /// The frame in which the expression is evaluated.
    pub(super) frame: FrameId,
    /// The item of a `Select`, `Query` or `Table`.
    pub(super) item: Option<&'a Value>,
    /// Values that stand for parameters.
    pub(super) inputs: Option<&'a Map<String, Value>>,
    /// The address that calls the action back.
    pub(super) callback: Option<&'a str>,
    /// The record of the current action.
    pub(super) current: Option<&'a ActionRecord>,
    /// The outputs of actions in loops that do not contain the current one, by place: the array of
    /// those of all iterations.
    gathered: OnceCell<Vec<OnceCell<Value>>>,
}

impl<'a> View<'a> {
    pub(super) const fn new(
        definition: &'a Definition,
        state: &'a RunState,
        context: &'a Context<'a>,
        frame: FrameId,
    ) -> Self {
        Self {
            definition,
            state,
            context,
            frame,
            item: None,
            inputs: None,
            callback: None,
            current: None,
            gathered: OnceCell::new(),
        }
    }

    /// Returns the frames around the current one, from the inside.
    fn frames(&self) -> impl Iterator<Item = FrameId> {
        let state = self.state;
        std::iter::successors(Some(self.frame), move |frame| {
            state.frames.get(frame).map(|frame| frame.parent)
        })
    }

    /// Returns where an action is recorded that is around the current one or in a frame around it;
    /// in an `Until`, in the last iteration.
    fn spot(&self, name: &str) -> Option<Spot> {
        let action = &self.definition.actions[self.definition.place(name)?];
        let own = self.frames().find(|frame| self.state.body_of(*frame) == Some(action.body));
        let frame = match own {
            Some(frame) => frame,
            None => {
                let of = self.definition.bodies[action.body].of?;
                let ActionKind::Until(_) = self.definition.actions[of].kind else { return None };
                *self.record(&self.definition.actions[of].name)?.iterations.as_ref()?.recorded.last()?
            }
        };
        Some(Spot { frame, slot: action.slot })
    }

    fn record(&self, name: &str) -> Option<&'a ActionRecord> {
        self.state.record(self.spot(name)?)
    }

    /// Returns the ended frames of a body below the innermost frame that has some.
    fn iterations_of(&self, body: usize) -> Vec<FrameId> {
        let below = |id: FrameId, ancestor: FrameId| {
            let parent = |id: &FrameId| self.state.frames.get(id).map(|frame| frame.parent);
            std::iter::successors(Some(id), parent).any(|id| id == ancestor)
        };
        let all = self.state.frames.iter().filter(|(_, frame)| frame.body == body && frame.status.is_final());
        let all: Vec<FrameId> = all.map(|(id, _)| *id).collect();
        let found = self
            .frames()
            .map(|ancestor| all.iter().copied().filter(|id| below(*id, ancestor)).collect::<Vec<_>>());
        let mut found = found.filter(|list| !list.is_empty());
        found.next().unwrap_or_default()
    }

    fn gather(&self, place: usize) -> Value {
        let action = &self.definition.actions[place];
        let outputs = self.iterations_of(action.body).into_iter().filter_map(|frame| {
            let record = self.state.record(Spot { frame, slot: action.slot })?;
            readable(record).cloned()
        });
        Value::Array(outputs.collect())
    }

    fn describe(&self, record: &ActionRecord) -> Value {
        let mut described = json!({
            "name": record.name,
            "startTime": record.start,
            "status": record.status.name(),
            "trackingId": self.context.run.tracking(self.state),
            "clientTrackingId": self.context.run.tracking(self.state),
        });
        let optional = [
            ("endTime", record.end.map(|end| json!(end))),
            ("code", record.code.as_ref().map(|code| json!(code))),
            ("error", record.error.as_ref().map(|error| json!(error))),
            ("inputs", record.inputs.clone().or_else(|| self.inputs_of(record))),
            ("outputs", record.outputs.clone()),
            ("trackedProperties", record.tracked.clone()),
        ];
        if let Some(map) = described.as_object_mut() {
            map.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        described
    }

    /// A `Compose` has its inputs as outputs, which are recorded once.
    fn inputs_of(&self, record: &ActionRecord) -> Option<Value> {
        let place = self.definition.place(&record.name)?;
        let is_compose = matches!(self.definition.actions[place].kind, ActionKind::Compose(_));
        record.outputs.clone().filter(|_| is_compose)
    }
}

/// Returns the outputs that expressions can read.
fn readable(record: &ActionRecord) -> Option<&Value> {
    let readable = record.status.is_final() && record.status != ActionStatus::Skipped;
    record.outputs.as_ref().filter(|_| readable)
}

impl Facts for View<'_> {
    /// What the evaluations of one action spend together is limited, as that of one evaluation is.
    fn spend(&self, bytes: usize) -> Result<(), EvaluationError> {
        let spent = self.context.spent.get().saturating_add(bytes);
        self.context.spent.set(spent);
        if spent > SPENT_MAX {
            return Err(EvaluationError(format!(
                "the action's expressions read more than {SPENT_MAX} bytes"
            )));
        }
        Ok(())
    }

    fn trigger_outputs(&self) -> &Value {
        &self.state.trigger_outputs
    }

    fn outputs(&self, action: &str) -> Option<&Value> {
        if let Some(record) = self.record(action) {
            return readable(record);
        }
        let place = self.definition.place(action)?;
        let body = self.definition.actions[place].body;
        if self.frames().any(|frame| self.state.body_of(frame) == Some(body)) {
            return None;
        }
        if self.iterations_of(body).is_empty() {
            return None;
        }
        let gathered = self.gathered.get_or_init(|| {
            std::iter::repeat_with(OnceCell::new).take(self.definition.actions.len()).collect()
        });
        Some(gathered.get(place)?.get_or_init(|| self.gather(place)))
    }

    fn parameter(&self, name: &str) -> Option<&Value> {
        match self.inputs {
            Some(inputs) => inputs.get(name),
            None if name == "$connections" => Some(self.definition.connections.as_parameter()),
            None => self.definition.parameters.get(name),
        }
    }

    fn now(&self) -> Instant {
        self.context.now
    }

    fn variable(&self, name: &str) -> Fact<'_> {
        let known = self.state.variables.get(&name.to_lowercase());
        known.map(|variable| Cow::Borrowed(&variable.value)).ok_or(Missing::Unknown)
    }

    fn item(&self, scope: Option<&str>) -> Fact<'_> {
        if let (None, Some(item)) = (scope, self.item) {
            return Ok(Cow::Borrowed(item));
        }
        for frame in self.frames().filter_map(|id| self.state.frames.get(&id)) {
            let at = Spot { frame: frame.parent, slot: frame.slot };
            let Some(record) = self.state.record(at) else { continue };
            let items = record.iterations.as_ref().map_or(&[][..], |iterations| &iterations.items);
            match (scope, items.get(frame.index)) {
                (Some(name), found) if name == record.name => {
                    return found.map(Cow::Borrowed).ok_or(Missing::Unknown);
                }
                (None, Some(found)) => return Ok(Cow::Borrowed(found)),
                _ => {}
            }
        }
        Err(if scope.is_some() { Missing::Unknown } else { Missing::Unavailable })
    }

    fn iteration_index(&self, scope: &str) -> Fact<'_> {
        for frame in self.frames().filter_map(|id| self.state.frames.get(&id)) {
            let record = self.state.record(Spot { frame: frame.parent, slot: frame.slot });
            if record.is_some_and(|record| record.name == scope) {
                return Ok(Cow::Owned(Value::from(frame.index)));
            }
        }
        Err(Missing::Unknown)
    }

    fn workflow(&self) -> Fact<'_> {
        Ok(Cow::Owned(self.context.run.workflow()))
    }

    fn trigger(&self) -> Fact<'_> {
        Ok(Cow::Owned(json!({
            "name": self.definition.trigger.name,
            "inputs": {},
            "outputs": self.state.trigger_outputs,
            "startTime": self.state.started,
            "endTime": self.state.started,
            "scheduledTime": self.state.started,
            "status": "Succeeded",
            "code": "OK",
            "trackingId": self.context.run.tracking(self.state),
            "clientTrackingId": self.context.run.tracking(self.state),
            "originHistoryName": self.context.run.name,
        })))
    }

    fn action(&self, name: Option<&str>) -> Fact<'_> {
        let record = match name {
            None => self.current.ok_or(Missing::Unavailable)?,
            Some(name) => {
                self.record(name).filter(|record| record.status.is_final()).ok_or(Missing::Unknown)?
            }
        };
        Ok(Cow::Owned(self.describe(record)))
    }

    fn result(&self, scope: &str) -> Fact<'_> {
        let place = self.definition.place(scope).ok_or(Missing::Unknown)?;
        let action = &self.definition.actions[place];
        if !action.kind.is_container() {
            return Err(Missing::Unknown);
        }
        let at = self.spot(scope).ok_or(Missing::Unknown)?;
        let record = self.state.record(at).ok_or(Missing::Unknown)?;
        let mut found = Vec::new();
        let mut add = |frame: FrameId, body: usize, within: Option<usize>| {
            for (place, record) in self.definition.members(body).iter().zip(self.state.records(frame)) {
                let inner = &self.definition.actions[*place];
                let is_direct = inner.within.map(|(parent, _)| parent) == within;
                if let Some(record) = record.as_ref().filter(|record| is_direct && record.status.is_final()) {
                    found.push(self.describe(record));
                }
            }
        };
        match self.definition.body_of_loop(place) {
            Some(body) => {
                let iterations = record.iterations.as_ref();
                // Those of a loop that is named here are not archived.
                if iterations.is_some_and(|iterations| iterations.archived > 0) {
                    return Err(Missing::Unavailable);
                }
                let mut frames = iterations.map_or_else(Vec::new, |iterations| iterations.recorded.clone());
                frames.sort_unstable();
                for frame in frames {
                    add(frame, body, None);
                }
            }
            None => add(at.frame, action.body, Some(action.slot)),
        }
        Ok(Cow::Owned(Value::Array(found)))
    }

    fn callback_url(&self) -> Result<String, Missing> {
        self.callback.map(str::to_owned).ok_or(Missing::Unavailable)
    }

    fn random(&self) -> Result<u64, Missing> {
        Ok((self.context.random)())
    }
}
