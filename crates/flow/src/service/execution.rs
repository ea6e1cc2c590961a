//! Executes a run until it has ended or waits.

use std::sync::Arc;

use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, Span, TenantId, UserId, wall_now};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::events::{RunAction, RunFinished, RunWaiting};
use outlive_wire::{JournalEvent, Subject};

use super::state::{Flows, Program};
use crate::connector::Workflow;
use crate::engine::{self, Context, Ending, Next, RunIdentity, RunState};
use crate::ids::{FlowId, environment_name};
use crate::status::{ActionStatus, RunStatus};
use crate::tables::flows;
use crate::tables::runs::{self, RunRow, RunUpdate};

/// How long a run may make calls before it is stored and continues later (wall time).
const HELD_MAX: Span = Span::from_seconds(10);
/// A call that took longer than this (wall time) may have seen the tenant's time change.
const CLOCK_CHECK_AFTER: Span = Span::from_millis(20);

pub(super) struct Execution {
    pub(super) tenant: TenantId,
    pub(super) run: RunRow,
    pub(super) trace: Trace,
    pub(super) definition: Arc<Program>,
    pub(super) state: RunState,
}

impl Flows {
    /// Executes a run and commits its new state together with the journal event. Returns `None` if
    /// the run was deleted or claimed by another replica meanwhile.
    pub(super) async fn execute(
        &self,
        execution: Execution,
        now: Instant,
    ) -> Result<Option<RunStatus>, Problem> {
        let Execution { tenant, run, trace, definition, state } = execution;
        Ok(self
            .execute_to_end((tenant, run, trace), &definition, state, now)
            .await?
            .map(|(status, _)| status))
    }

    /// Executes a run, and returns its state too.
    pub(super) async fn execute_to_end(
        &self,
        (tenant, run, trace): (TenantId, RunRow, Trace),
        definition: &Program,
        mut state: RunState,
        now: Instant,
    ) -> Result<Option<(RunStatus, RunState)>, Problem> {
        let random = self.chassis.random.of(tenant);
        let identity = identity(tenant, run.flow, &run.name);
        let mut now = now;
        let begun = wall_now();
        let maker = self.maker_for_lookup(tenant, run.flow, definition).await?;
        let draw = || random.stream("expression").next_u64();
        let postponed =
            if state.has_begun() { None } else { self.must_wait(tenant, &run, definition, now).await? };
        let next = loop {
            if let Some(until) = postponed {
                break Next::Wait(until);
            }
            let next = engine::next(definition, &mut state, &Context::new(now, &identity, &draw));
            match next {
                Next::Call { at, inputs } => {
                    let workflow = Workflow {
                        tenant,
                        flow: run.flow,
                        definition,
                        selections: &definition.selections,
                        identity: definition.identity.as_ref(),
                        maker,
                        trace: &trace,
                        now,
                    };
                    let began = wall_now();
                    let outcome = self.hub.call(&workflow, self, &inputs).await;
                    if matches!(outcome.status, Some(403 | 404)) {
                        // Another replica may have saved the flow and not granted its access.
                        self.reported.lock().remove(&tenant);
                    }
                    if wall_now() - began >= CLOCK_CHECK_AFTER {
                        now = now.max(self.chassis.clocks.now(tenant).await?);
                    }
                    let context = Context::new(now, &identity, &draw);
                    engine::conclude(
                        definition,
                        &mut state,
                        at,
                        outcome,
                        || random.stream("retry"),
                        &context,
                    );
                    // Others of the tenant wait for this run, also those who want to cancel it.
                    if wall_now() - begun >= HELD_MAX {
                        break Next::Wait(now);
                    }
                }
                Next::Pause => tokio::task::yield_now().await,
                next => break next,
            }
        };
        let (update, payload) = match &next {
            Next::Done(Ending { status, error }) => {
                let payload = RunFinished {
                    flow: run.flow,
                    status: status.name().to_owned(),
                    code: error.as_ref().map(|error| error.code.clone()),
                    trigger: Some(run.trigger_name),
                    due: run.due,
                    started: Some(run.started),
                    actions: recorded_actions(&state),
                };
                let record = serialize_state(&state);
                let update = RunUpdate {
                    status: *status,
                    ended: Some(now),
                    next_due: None,
                    error: error.as_ref(),
                    record,
                };
                (update, JournalEvent::from(payload))
            }
            Next::Wait(until) => {
                let payload = RunWaiting { flow: run.flow, until: *until, actions: recorded_actions(&state) };
                let record = serialize_state(&state);
                let update = RunUpdate {
                    status: RunStatus::Waiting,
                    ended: None,
                    next_due: Some(*until),
                    error: None,
                    record,
                };
                (update, JournalEvent::from(payload))
            }
            Next::Call { .. } | Next::Pause => return Err(Problem::unavailable()),
        };
        let status = update.status;
        let mut change = Change::from(runs::release(tenant, run.flow, &run.name, run.attempt, update));
        let event = Event::new(tenant, now, Subject::run(&run.name), &trace, payload);
        change.append(self.chassis.journal.entry(&event));
        match self.chassis.store.commit(change).await {
            Ok(()) => Ok(Some((status, state))),
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Flows {
    /// Returns the owner of the flow, if one of its references has no selection: the hub is then
    /// asked what the owner may select.
    pub(super) async fn maker_for_lookup(
        &self,
        tenant: TenantId,
        flow: FlowId,
        program: &Program,
    ) -> Result<Option<UserId>, Problem> {
        let selected = |name: &str| program.selections.contains_key(&name.to_ascii_lowercase());
        if program.connection_names().all(selected) {
            return Ok(None);
        }
        Ok(flows::find(&self.chassis.store, tenant, flow).await?.map(|flow| flow.owner))
    }
}

/// The maximum number of failed actions of iterations in a journal event.
const FAILURES_RECORDED_MAX: usize = 20;

/// Returns the actions for a journal event, without inputs and outputs: those of the flow itself,
/// and those that failed in iterations of loops.
fn recorded_actions(state: &RunState) -> Vec<RunAction> {
    let inner = state.frames.values().flat_map(|frame| frame.actions.iter().flatten());
    let failed = inner.filter(|record| record.status == ActionStatus::Failed).take(FAILURES_RECORDED_MAX);
    let actions = state.actions.iter().flatten().chain(failed).map(|record| RunAction {
        name: record.name.clone(),
        status: record.status.name().to_owned(),
        code: record.code.clone(),
        message: record.error.as_ref().map(|error| error.message.clone()),
        retries: record.retries,
    });
    actions.collect()
}

/// Returns the run as its expressions see it.
pub(super) fn identity(tenant: TenantId, flow: FlowId, name: &str) -> RunIdentity {
    RunIdentity { environment: environment_name(tenant), flow: flow.to_string(), name: name.to_owned() }
}

pub(super) fn serialize_state(state: &RunState) -> String {
    // Maps with string keys and finite numbers can always be serialized.
    serde_json::to_string(state).unwrap_or_default()
}
