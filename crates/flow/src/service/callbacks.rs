//! Calls back to actions that wait for one: the address, what comes there, and the end of the
//! subscription.

use std::sync::Arc;

use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, TenantId};
use serde_json::Value;

use super::execution::identity;
use super::programs::Program;
use super::state::Flows;
use crate::engine::{self, Context, RunState, Spot};
use crate::ids::{FlowId, environment_name};
use crate::tables::callbacks;
use crate::tables::run_lists;
use crate::tables::runs::{self, RunRow};

/// An action of a run, as the address to call back names it.
pub(crate) struct CalledBack {
    pub(crate) tenant: TenantId,
    pub(crate) flow: FlowId,
    pub(crate) run: String,
    /// Frame and slot: `0-3`.
    pub(crate) repetition: String,
}

impl CalledBack {
    fn purpose(&self) -> String {
        let Self { tenant, flow, run, repetition } = self;
        format!("flow-callback/{tenant}/{flow}/{run}/{repetition}")
    }
}

impl Flows {
    /// Returns the address that continues a run, with a signature: who knows it needs no token.
    pub(super) fn callback_url(&self, (tenant, flow, run): (TenantId, FlowId, &str), at: Spot) -> String {
        let repetition = format!("{}-{}", at.frame, at.slot);
        let of = CalledBack { tenant, flow, run: run.to_owned(), repetition };
        let mut draw = self.chassis.random.of(tenant).stream("seal-callback");
        let signature = self.chassis.sealer.seal(&of.purpose(), b"", &mut draw);
        format!(
            "{}/providers/Microsoft.ProcessSimple/environments/{}/flows/{flow}/runs/{run}/callbacks/{}\
             ?api-version=2016-11-01&sp=%2Fcallbacks%2Frun&sv=1.0&sig={signature}",
            self.chassis.origins.public(),
            environment_name(tenant),
            of.repetition
        )
    }

    /// Accepts a call back, and continues the run.
    pub(crate) async fn call_back(
        self: &Arc<Self>,
        of: CalledBack,
        signature: &str,
        outputs: Value,
    ) -> Result<(), Problem> {
        // An authenticated encryption of nothing: only this service can have made it.
        if self.chassis.sealer.open(&of.purpose(), signature).is_none() {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "AuthorizationFailed",
                "The signature of the address is not valid. Use the address as it was given.",
            ));
        }
        let time = self.chassis.clocks.reading(of.tenant).await?;
        let ended = || {
            Problem::new(
                StatusCode::CONFLICT,
                "CallbackNotExpected",
                "The action does not wait any more: it was called back before, or has timed out, or the run has ended.",
            )
        };
        let found = runs::find(&self.chassis.store, of.tenant, of.flow, &of.run).await?;
        let (_, record) = found.filter(|(run, _)| run.next_due.is_some()).ok_or_else(ended)?;
        let state: RunState =
            serde_json::from_str(&record).map_err(|error| Problem::unavailable().caused_by(error))?;
        // One that is being subscribed can be called back already.
        let is_over = spot_of(&of.repetition).is_none_or(|at| state.has_ended(at));
        if is_over {
            return Err(ended());
        }
        let key = (of.tenant, of.flow, of.run.as_str());
        let change = callbacks::insert(key, &of.repetition, outputs, time.now);
        self.chassis
            .store
            .commit(change)
            .await
            .map_err(|error| if error.is_conflict() { ended() } else { Problem::from(error) })?;
        let is_executing = self.executing.is_executing(&(of.tenant, of.flow, of.run.clone()));
        let flows = Arc::clone(self);
        // Spawned, so that a disconnecting caller does not stop the run halfway.
        let resumed = tokio::spawn(async move {
            if let Err(error) = flows.resume(of.tenant, of.flow, &of.run, time).await {
                tracing::warn!(%error, "a run could not be continued after a call back");
            }
        });
        // The executor of the run may be waiting for this response.
        if !is_executing && let Err(error) = resumed.await {
            tracing::error!(%error, "a run panicked");
        }
        Ok(())
    }

    /// Continues a run with the calls back that were stored for it. Returns whether it may go on.
    pub(super) async fn apply_callbacks(
        &self,
        tenant: TenantId,
        run: &mut RunRow,
        program: &Program,
        state: &mut RunState,
        now: Instant,
    ) -> Result<bool, Problem> {
        if !state.awaits_callbacks() {
            return Ok(true);
        }
        let list = callbacks::list(&self.chassis.store, tenant, run.flow, &run.name).await?;
        if list.is_empty() {
            return Ok(true);
        }
        let random = self.chassis.random.of(tenant);
        let draw = || random.stream("expression").next_u64();
        let identity = identity(tenant, run.flow, &run.name);
        let mut applied = outlive_store::Change::new();
        for (repetition, outputs) in list {
            if let Some(at) = spot_of(&repetition) {
                engine::call_back(program, state, at, outputs, &Context::new(now, &identity, &draw));
            }
            applied.add(callbacks::delete((tenant, run.flow, &run.name), &repetition));
        }
        self.store_progress(tenant, run, state, applied).await
    }

    /// Returns the runs of a flow that wait to be called back, as they are when they are cancelled.
    pub(super) async fn subscribed_runs(
        &self,
        tenant: TenantId,
        flow: FlowId,
        now: Instant,
    ) -> Result<Vec<(RunRow, Arc<Program>, RunState)>, Problem> {
        let mut subscribed = Vec::new();
        for run in run_lists::list_active(&self.chassis.store, tenant, flow).await? {
            let Some(program) = self.definition(tenant, flow, run.version).await? else { continue };
            if !program.has_webhook_actions() {
                continue;
            }
            let Some((run, record)) = runs::find(&self.chassis.store, tenant, flow, &run.name).await? else {
                continue;
            };
            let state = serde_json::from_str::<RunState>(&record).ok();
            if let Some(mut state) = state.filter(|state| state.matches(&program)) {
                engine::cut_short(&program, &mut state, now);
                subscribed.push((run, program, state));
            }
        }
        Ok(subscribed)
    }

    /// Makes the calls that end subscriptions. Their outcome changes nothing for the run.
    pub(super) async fn unsubscribe(
        &self,
        tenant: TenantId,
        run: &RunRow,
        program: &Program,
        state: &mut RunState,
        trace: &Trace,
        now: Instant,
    ) -> Result<bool, Problem> {
        if state.unsubscriptions.is_empty() {
            return Ok(false);
        }
        let (flow, name) = (run.flow, run.name.as_str());
        let random = self.chassis.random.of(tenant);
        let draw = || random.stream("expression").next_u64();
        let identity = identity(tenant, flow, name);
        let callbacks = |at: Spot| self.callback_url((tenant, flow, name), at);
        let maker = self.maker_for_lookup(tenant, flow, program).await?;
        loop {
            let call = {
                let context = Context::new(now, &identity, &draw).with_callbacks(&callbacks);
                engine::take_unsubscription(program, state, &context)
            };
            let Some(call) = call else { return Ok(true) };
            let workflow = program.workflow((tenant, flow), maker, run.invoker.as_ref(), (trace, now));
            if let Some(failure) = self.hub.call(&workflow, self, &call).await.failure {
                let why = failure.message;
                tracing::warn!(%tenant, %flow, run = name, why, "a subscription could not be ended");
            }
        }
    }
}

fn spot_of(repetition: &str) -> Option<Spot> {
    let (frame, slot) = repetition.split_once('-')?;
    Some(Spot { frame: frame.parse().ok()?, slot: slot.parse().ok()? })
}
