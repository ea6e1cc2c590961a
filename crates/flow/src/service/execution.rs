//! Working on a run until it has ended or waits.

use std::sync::Arc;

use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, Span, TenantId, UserId, wall_now};
use outlive_journal::Event;
use outlive_store::Change;
use serde_json::{Value, json};

use super::due_work::record_of;
use super::{Flows, Program};
use crate::connector::Workflow;
use crate::engine::{self, Ending, Next, RunState};
use crate::ids::FlowId;
use crate::status::RunStatus;
use crate::tables::flows;
use crate::tables::runs::{self, RunRow, Standing};

/// A call that took longer than this, in wall time, may have seen the tenant's time move.
const NOTICEABLE: Span = Span::from_millis(20);

/// A run that was taken up.
pub(super) struct Execution {
    pub(super) tenant: TenantId,
    pub(super) run: RunRow,
    pub(super) trace: Trace,
    pub(super) definition: Arc<Program>,
    pub(super) state: RunState,
}

impl Flows {
    /// Works on a run and writes how it then stands, with its journal line, in one commit. `None` if the run was meanwhile deleted
    /// or taken over.
    pub(super) async fn execute(
        &self,
        execution: Execution,
        now: Instant,
    ) -> Result<Option<RunStatus>, Problem> {
        let Execution { tenant, run, trace, definition, mut state } = execution;
        let random = self.chassis.random.of(tenant);
        let mut now = now;
        let maker = self.maker_if_needed(tenant, run.flow, &definition).await?;
        let next = loop {
            match engine::next(&definition, &mut state, now) {
                Next::Call { place, call, parameters } => {
                    let workflow = Workflow {
                        tenant,
                        flow: run.flow,
                        definition: &definition,
                        selections: &definition.selections,
                        maker,
                        trace: &trace,
                        now,
                    };
                    let began = wall_now();
                    let outcome = self.hub.call(&workflow, self, call, &parameters).await;
                    if wall_now() - began >= NOTICEABLE {
                        now = now.max(self.chassis.clocks.now(tenant).await?);
                    }
                    engine::conclude(&definition, &mut state, place, outcome, || random.stream("retry"), now);
                }
                next => break next,
            }
        };
        let subject = format!("run:{}", run.name);
        let (standing, event) = match &next {
            Next::Done(Ending { status, error }) => {
                let data = json!({
                    "flow": run.flow,
                    "status": status,
                    "code": error.as_ref().map(|error| &error.code),
                    "trigger": run.trigger_name,
                    "due": run.due,
                    "started": run.started,
                    "actions": actions_told(&state),
                });
                let record = record_of(&state);
                let standing = Standing {
                    status: *status,
                    ended: Some(now),
                    next_due: None,
                    error: error.as_ref(),
                    record,
                };
                (standing, Event::new(tenant, now, "run.finished", subject, &trace).with(data))
            }
            Next::Wait(until) => {
                let data = json!({"flow": run.flow, "until": until, "actions": actions_told(&state)});
                let record = record_of(&state);
                let standing = Standing {
                    status: RunStatus::Waiting,
                    ended: None,
                    next_due: Some(*until),
                    error: None,
                    record,
                };
                (standing, Event::new(tenant, now, "run.waiting", subject, &trace).with(data))
            }
            Next::Call { .. } => return Err(Problem::unavailable()),
        };
        let status = standing.status;
        let mut change = Change::from(runs::put_down(tenant, run.flow, &run.name, run.attempt, standing));
        change.append(self.chassis.journal.entry(&event));
        match self.chassis.store.commit(change).await {
            Ok(()) => Ok(Some(status)),
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Flows {
    /// Whose flow it is, where one of its references has no selection: what the maker may select is then looked up at the hub.
    async fn maker_if_needed(
        &self,
        tenant: TenantId,
        flow: FlowId,
        program: &Program,
    ) -> Result<Option<UserId>, Problem> {
        let selected = |name: &str| program.selections.contains_key(&name.to_ascii_lowercase());
        if program.connection_names().all(selected) {
            return Ok(None);
        }
        Ok(flows::read(&self.chassis.store, tenant, flow).await?.map(|flow| flow.owner))
    }
}

/// The actions as the journal tells of them: how each stands and why, not what went in and out.
fn actions_told(state: &RunState) -> Value {
    let actions = state.actions.iter().flatten().map(|record| {
        let mut told = json!({"name": record.name, "status": record.status, "code": record.code});
        if let (Some(error), Some(map)) = (&record.error, told.as_object_mut()) {
            map.insert("message".to_owned(), Value::String(error.message.clone()));
        }
        if let (1.., Some(map)) = (record.retries, told.as_object_mut()) {
            map.insert("retries".to_owned(), Value::from(record.retries));
        }
        told
    });
    Value::Array(actions.collect())
}
