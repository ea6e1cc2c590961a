//! Executes a run until it has ended or waits.

use std::sync::Arc;

use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, Span, TenantId, UserId, wall_now};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::events::{RunFinished, RunWaiting};
use outlive_wire::{JournalEvent, Subject};

use super::executing::ExecutingRun;
use super::programs::Program;
use super::progress::{recorded_actions, serialize_state};
use super::state::Flows;
use crate::engine::{self, Context, Ending, Next, RunIdentity, RunState, Spot};
use crate::ids::{FlowId, environment_name};
use crate::retry::{RetryProfile, is_retried};
use crate::status::RunStatus;
use crate::tables::runs::{self, RunRow, RunUpdate};
use crate::tables::{flows, plans};

/// How long a run may make calls before other work that is due in the tenant gets a turn (wall
/// time), and how long it waits for an earlier run of its flow.
pub(super) const HELD_MAX: Span = Span::from_seconds(10);
/// A call that took longer than this (wall time) may have seen the tenant's time change.
const CLOCK_CHECK_AFTER: Span = Span::from_millis(20);

pub(super) struct Execution {
    pub(super) tenant: TenantId,
    pub(super) run: RunRow,
    pub(super) trace: Trace,
    pub(super) definition: Arc<Program>,
    pub(super) state: RunState,
    /// Held until the run has ended or waits.
    pub(super) executing: ExecutingRun,
}

impl Flows {
    /// Executes a run and commits its new state together with the journal event. Returns `None` if
    /// the run was deleted or claimed by another replica meanwhile.
    pub(super) async fn execute(
        &self,
        execution: Execution,
        now: Instant,
    ) -> Result<Option<RunStatus>, Problem> {
        let Execution { tenant, run, trace, definition, state, executing } = execution;
        let _exclusively = executing;
        Ok(self
            .execute_to_end((tenant, run, trace), &definition, state, now)
            .await?
            .map(|(status, _)| status))
    }

    /// Executes a run, and returns its state too.
    pub(super) async fn execute_to_end(
        &self,
        (tenant, mut run, trace): (TenantId, RunRow, Trace),
        definition: &Program,
        mut state: RunState,
        now: Instant,
    ) -> Result<Option<(RunStatus, RunState)>, Problem> {
        let random = self.chassis.random.of(tenant);
        let identity = identity(tenant, run.flow, &run.name);
        self.take_invoker_tokens(tenant, &mut run);
        let mut now = now;
        let begun = wall_now();
        // Whether the outcome of every call is stored.
        let mut is_stored = true;
        let maker = self.maker_for_lookup(tenant, run.flow, definition).await?;
        let draw = || random.stream("expression").next_u64();
        let postponed =
            if state.has_begun() { None } else { self.must_wait(tenant, &run, definition, now).await? };
        let (flow, name) = (run.flow, run.name.clone());
        let callbacks = |at: Spot| self.callback_url((tenant, flow, &name), at);
        let next = loop {
            if let Some(until) = postponed {
                break Next::Wait(until);
            }
            let next = {
                let context = Context::new(now, &identity, &draw).with_callbacks(&callbacks);
                engine::next(definition, &mut state, &context)
            };
            if self.unsubscribe(tenant, &run, definition, &mut state, &trace, now).await? {
                is_stored = false;
            }
            match next {
                Next::Call { at, inputs } => {
                    // A call has effects, so a crash must not repeat the one before it.
                    if !is_stored && !self.store_progress(tenant, &mut run, &mut state, Change::new()).await?
                    {
                        return Ok(None);
                    }
                    let workflow =
                        definition.workflow((tenant, run.flow), maker, run.invoker.as_ref(), (&trace, now));
                    let began = wall_now();
                    let outcome = self.hub.call(&workflow, self, &inputs).await;
                    is_stored = false;
                    if matches!(outcome.status, Some(403 | 404)) {
                        // Another replica may have saved the flow and not granted its access.
                        self.reported.lock().remove(&tenant);
                    }
                    if wall_now() - began >= CLOCK_CHECK_AFTER {
                        now = now.max(self.chassis.clocks.now(tenant).await?);
                    }
                    let retries = if outcome.status.is_some_and(is_retried) {
                        self.retry_profile(tenant, run.flow).await?
                    } else {
                        RetryProfile::default()
                    };
                    let context = Context::new(now, &identity, &draw).with_retries(retries);
                    engine::conclude(
                        definition,
                        &mut state,
                        at,
                        outcome,
                        || random.stream("retry"),
                        &context,
                    );
                    // Other work that is due in the tenant gets a turn.
                    if wall_now() - begun >= HELD_MAX {
                        break Next::Wait(now);
                    }
                }
                Next::Pause => {
                    let may_go_on = if state.has_archived() {
                        is_stored = true;
                        self.store_progress(tenant, &mut run, &mut state, Change::new()).await?
                    } else {
                        runs::is_claimed(&self.chassis.store, tenant, &run).await?
                    };
                    if !may_go_on {
                        return Ok(None);
                    }
                    tokio::task::yield_now().await;
                }
                next => break next,
            }
        };
        let actions = recorded_actions(&state);
        let record = serialize_state(&state);
        let (update, payload) = match &next {
            Next::Done(Ending { status, error }) => {
                let payload = RunFinished {
                    flow: run.flow,
                    status: status.name().to_owned(),
                    code: error.as_ref().map(|error| error.code.clone()),
                    trigger: Some(run.trigger_name.clone()),
                    due: run.due,
                    started: Some(run.started),
                    actions,
                };
                let (error, ended) = (error.as_ref(), Some(now));
                let update = RunUpdate { status: *status, ended, next_due: None, error, record };
                (update, JournalEvent::from(payload))
            }
            Next::Wait(until) => {
                let payload = RunWaiting { flow: run.flow, until: *until, actions };
                self.keep_invoker_tokens(tenant, &run);
                let next_due = Some(*until);
                let status = RunStatus::Waiting;
                let update = RunUpdate { status, ended: None, next_due, error: None, record };
                (update, JournalEvent::from(payload))
            }
            Next::Call { .. } | Next::Pause => return Err(Problem::unavailable()),
        };
        let status = update.status;
        let event = Event::new(tenant, now, Subject::run(&run.name), &trace, payload);
        let mut consequences = self.chassis.journal.entry(&event);
        consequences.append(self.after_run(tenant, run.flow, status, now).await?);
        let is_released = self.release(tenant, &run, &mut state, update, consequences).await?;
        Ok(is_released.then_some((status, state)))
    }
}

impl Flows {
    /// Gives a run that has waited the tokens that its invoker provided, unless this process was
    /// restarted meanwhile: then the run has connection keys of the invoker.
    fn take_invoker_tokens(&self, tenant: TenantId, run: &mut RunRow) {
        if let Some(invoker) = &mut run.invoker
            && let Some((_, tokens)) = self.invoker_tokens.remove(&(tenant, run.flow, run.name.clone()))
        {
            invoker.tokens = tokens;
        }
    }

    fn keep_invoker_tokens(&self, tenant: TenantId, run: &RunRow) {
        if let Some(invoker) = run.invoker.as_ref().filter(|invoker| !invoker.tokens.is_empty()) {
            self.invoker_tokens.insert((tenant, run.flow, run.name.clone()), invoker.tokens.clone());
        }
    }

    /// Returns the owner of the flow, if one of its references has no selection: the hub is then
    /// asked what the owner may select.
    pub(super) async fn maker_for_lookup(
        &self,
        tenant: TenantId,
        flow: FlowId,
        program: &Program,
    ) -> Result<Option<UserId>, Problem> {
        let selected = |name: &str| program.selected.connections.contains_key(&name.to_ascii_lowercase());
        if program.connection_names().all(selected) {
            return Ok(None);
        }
        Ok(flows::find(&self.chassis.store, tenant, flow).await?.map(|flow| flow.owner))
    }

    /// Returns how actions of a flow are retried that name no policy: by the plan of its owner.
    pub(super) async fn retry_profile(
        &self,
        tenant: TenantId,
        flow: FlowId,
    ) -> Result<RetryProfile, Problem> {
        let Some(row) = flows::find(&self.chassis.store, tenant, flow).await? else {
            return Ok(RetryProfile::default());
        };
        Ok(RetryProfile::of(plans::find(&self.chassis.store, tenant, row.owner).await?))
    }
}

/// Returns the run as its expressions see it.
pub(super) fn identity(tenant: TenantId, flow: FlowId, name: &str) -> RunIdentity {
    RunIdentity { environment: environment_name(tenant), flow: flow.to_string(), name: name.to_owned() }
}
