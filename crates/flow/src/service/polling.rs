//! What the occurrence of a trigger starts. A polling trigger asks a connector or a service for
//! events.

use outlive_chassis::Problem;
use serde_json::Value;

use super::execution::identity;
use super::starting::Starting;
use super::state::Flows;
use crate::definition::TriggerKind;
use crate::engine::{self, Context, Fired, NextPoll, RunState};
use crate::lifecycle::failing::Outcome;
use crate::tables::flows;

/// What comes of an occurrence.
pub(super) struct Occurred {
    /// The runs that it starts.
    pub(super) states: Vec<RunState>,
    pub(super) trigger: Outcome,
    /// When and where a polling trigger polls next.
    pub(super) poll: NextPoll,
}

impl Occurred {
    const fn without_runs(trigger: Outcome, poll: NextPoll) -> Self {
        Self { states: Vec::new(), trigger, poll }
    }
}

impl Flows {
    /// Returns what comes of an occurrence.
    pub(super) async fn occur(&self, of: &Starting<'_>) -> Result<Occurred, Problem> {
        let &Starting { tenant, flow, program, trace, now, .. } = of;
        if !self.has_room(tenant, flow, program).await? {
            tracing::warn!(%tenant, %flow, "as many runs wait as the trigger allows");
            return Ok(Occurred::without_runs(Outcome::Neither, NextPoll::default()));
        }
        let random = self.chassis.random.of(tenant);
        let run = identity(tenant, flow, "");
        let draw = || random.stream("expression").next_u64();
        let cursor = match &program.trigger.kind {
            TriggerKind::Poll { .. } => flows::find_trigger_state(&self.chassis.store, tenant, flow).await?,
            _ => None,
        };
        let mut poll = NextPoll::default();
        let polled = engine::poll(program, cursor.as_deref(), &Context::new(now, &run, &draw));
        let outputs = match polled {
            None => Value::Null,
            Some(Err(failure)) => {
                tracing::warn!(%tenant, %flow, why = failure.message, "a trigger could not be evaluated");
                return Ok(Occurred::without_runs(Outcome::Failed, poll));
            }
            Some(Ok(inputs)) => {
                let maker = self.maker_for_lookup(tenant, flow, program).await?;
                let workflow = program.workflow((tenant, flow), maker, None, (trace, now));
                let outcome = self.hub.call(&workflow, self, &inputs).await;
                if outcome.failure.is_none() {
                    poll = NextPoll::of(&inputs, outcome.outputs.as_ref(), now);
                }
                match (outcome.status, outcome.outputs) {
                    (Some(200), Some(outputs)) => outputs,
                    // Without new events, a connector returns 202.
                    (Some(201..=299), _) => return Ok(Occurred::without_runs(Outcome::Succeeded, poll)),
                    _ => {
                        let failure = engine::failure_of_poll(program, outcome.failure);
                        let why = failure.map_or_else(String::new, |failure| failure.message);
                        tracing::warn!(%tenant, %flow, why, "a connector could not be asked for events");
                        return Ok(Occurred::without_runs(Outcome::Failed, poll));
                    }
                }
            }
        };
        match engine::fire(program, outputs, &Context::new(now, &run, &draw)) {
            Fired::Runs(states) => {
                let trigger = if program.trigger.can_fail() { Outcome::Succeeded } else { Outcome::Neither };
                Ok(Occurred { states, trigger, poll })
            }
            Fired::Rejected(failure) => {
                tracing::warn!(%tenant, %flow, why = failure.message, "a trigger could not be evaluated");
                Ok(Occurred::without_runs(Outcome::Failed, poll))
            }
        }
    }
}
