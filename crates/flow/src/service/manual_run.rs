//! Runs flows manually.

use std::sync::Arc;

use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, StoreError};
use serde_json::Value;

use super::execution::{Execution, serialize_state};
use super::state::Flows;
use crate::connector::CallContext;
use crate::engine::RunState;
use crate::ids::{FlowId, run_name};
use crate::status::RunStatus;
use crate::tables::flows::{self, FlowRow, FlowState};
use crate::tables::runs::{self, RunRow};

/// The maximum number of attempts to generate an unused run name.
const NAME_ATTEMPTS_MAX: usize = 8;

/// A request to run a flow.
pub(crate) struct TriggerCall {
    pub(crate) tenant: TenantId,
    pub(crate) flow: FlowRow,
    pub(crate) trigger: String,
    pub(crate) outputs: Value,
    pub(crate) trace: Trace,
    pub(crate) now: Instant,
}

impl Flows {
    /// Runs a flow. Returns the run's name when the run has ended or waits for a retry.
    pub(crate) async fn run_now(self: &Arc<Self>, call: TriggerCall) -> Result<String, Problem> {
        let flows = Arc::clone(self);
        // Spawned, so that a disconnecting caller does not stop the run halfway.
        tokio::spawn(async move { flows.start_and_execute(call).await }).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a run panicked");
            Err(Problem::unavailable())
        })
    }

    async fn start_and_execute(&self, call: TriggerCall) -> Result<String, Problem> {
        let TriggerCall { tenant, flow, trigger, outputs, trace, now } = call;
        let definition =
            self.definition(tenant, flow.id, flow.version).await?.ok_or_else(|| flow_not_found(flow.id))?;
        if !definition.trigger.name.eq_ignore_ascii_case(&trigger) {
            let trigger: String = trigger.chars().take(100).collect();
            return Err(Problem::not_found(
                "WorkflowTriggerNotFound",
                format!("The flow has no trigger '{trigger}'; its trigger is '{}'.", definition.trigger.name),
            ));
        }
        if flow.state != FlowState::Started {
            return Err(not_enabled(&flow));
        }
        self.grant_access(&CallContext { tenant, trace: &trace, now }, flow.id).await;
        let _one_at_a_time = self.run_locks.lock(tenant).await;
        let random = self.chassis.random.of(tenant);
        let state = RunState::new(&definition, now, outputs);
        let mut run = RunRow {
            flow: flow.id,
            name: String::new(),
            number: 0,
            version: flow.version,
            trigger_name: definition.trigger.name.clone(),
            due: now,
            started: now,
            ended: None,
            status: RunStatus::Running,
            error: None,
            trace: trace.trace_id.to_string(),
            next_due: Some(now),
            attempt: 1,
        };
        let mut started_run = false;
        for _ in 0..NAME_ATTEMPTS_MAX {
            run.name = run_name(now, &mut random.stream("run-name"));
            let mut change = Change::from(flows::count_run(tenant, flow.id, flow.version));
            change.add(runs::insert(tenant, &run, serialize_state(&state), &self.claimant()));
            for statement in runs::prune(tenant, flow.id, now) {
                change.add(statement);
            }
            match self.chassis.store.commit(change).await {
                Ok(()) => {
                    started_run = true;
                    break;
                }
                Err(StoreError::Conflict { statement: 1 }) => {}
                Err(StoreError::Conflict { .. }) => {
                    return Err(Problem::conflict(
                        "The flow was changed or turned off at the same time. Read it again and retry.",
                    ));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !started_run {
            return Err(Problem::conflict(
                "Too many runs of this flow started in the same millisecond. Try again.",
            ));
        }
        let name = run.name.clone();
        self.execute(Execution { tenant, run, trace, definition, state }, now).await?;
        Ok(name)
    }
}

pub(crate) fn flow_not_found(flow: FlowId) -> Problem {
    Problem::not_found("FlowNotFound", format!("Could not find flow '{flow}'."))
}

fn not_enabled(flow: &FlowRow) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "WorkflowTriggerIsNotEnabled",
        format!("The flow is {}. Start it first.", flow.state.name()),
    )
}
