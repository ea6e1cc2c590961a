//! Runs flows manually.

use std::sync::Arc;

use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, TenantId, UserId};
use outlive_store::StoreError;
use serde_json::Value;

use super::definition_secrets::unreadable;
use super::execution::identity;
use super::starting::Starting;
use super::state::Flows;
use crate::connector::{CallContext, Invoker};
use crate::engine::{self, Context, Fired, RunState, SentResponse};
use crate::ids::FlowId;
use crate::tables::flows::{self, FlowRow, FlowState};

/// The maximum number of attempts to generate an unused run name.
const NAME_ATTEMPTS_MAX: usize = 8;

/// A request to run a flow.
pub(crate) struct TriggerCall {
    pub(crate) tenant: TenantId,
    pub(crate) flow: FlowRow,
    /// The caller, and whether the caller may only run the flow.
    pub(crate) user: UserId,
    pub(crate) is_run_only: bool,
    /// The header with the connections that the caller provides.
    pub(crate) connections: Option<Vec<u8>>,
    pub(crate) trigger: String,
    pub(crate) event: TriggerEvent,
    pub(crate) trace: Trace,
    pub(crate) now: Instant,
}

/// What a request tells the trigger.
pub(crate) enum TriggerEvent {
    /// Outputs of the trigger, which it checks and can split.
    Outputs(Value),
    /// The outputs of an earlier run.
    Again(Value),
}

/// The runs that a request started.
#[derive(Debug)]
pub(crate) struct Started {
    /// The name of the first run; `None` if the conditions of the trigger are not met.
    pub(crate) name: Option<String>,
    /// The response of the first run, if it has responded.
    pub(crate) response: Option<SentResponse>,
}

impl Flows {
    /// Runs a flow. Returns when the run has ended or waits.
    pub(crate) async fn run_now(self: &Arc<Self>, call: TriggerCall) -> Result<Started, Problem> {
        let flows = Arc::clone(self);
        // Spawned, so that a disconnecting caller does not stop the run halfway.
        tokio::spawn(async move { flows.start_and_execute(call).await }).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a run panicked");
            Err(Problem::unavailable())
        })
    }

    async fn start_and_execute(&self, call: TriggerCall) -> Result<Started, Problem> {
        let TriggerCall { tenant, flow, user, is_run_only, connections, trigger, event, trace, now } = call;
        let definition = self.definition(tenant, flow.id, flow.version).await?;
        let definition = definition.ok_or_else(|| unreadable(flow.id))?;
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
        let invoker = Invoker::of(user, connections.as_deref(), &definition, is_run_only);
        let invoker = invoker.map_err(|failure| {
            Problem::new(StatusCode::BAD_REQUEST, "InvokerConnectionOverrideFailed", failure.message)
        })?;
        self.grant_access(&CallContext { tenant, trace: &trace, now }, flow.id).await;
        let random = self.chassis.random.of(tenant);
        let states = match event {
            TriggerEvent::Again(outputs) => vec![RunState::new(&definition, now, outputs)],
            TriggerEvent::Outputs(outputs) => {
                let run = identity(tenant, flow.id, "");
                let draw = || random.stream("expression").next_u64();
                match engine::fire(&definition, outputs, &Context::new(now, &run, &draw)) {
                    Fired::Runs(states) => states,
                    Fired::Rejected(failure) => {
                        let code = if failure.code == "InvalidTemplate" {
                            "InvalidTemplate"
                        } else {
                            "TriggerInputSchemaMismatch"
                        };
                        return Err(Problem::new(StatusCode::BAD_REQUEST, code, failure.message));
                    }
                }
            }
        };
        // Not the name of a run: those who start runs of the flow count them one after the other.
        let counting = match definition.trigger.concurrency {
            Some(_) => Some(self.executing.lock((tenant, flow.id, String::new())).await),
            None => None,
        };
        if !self.has_room(tenant, flow.id, &definition).await? {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "WorkflowTooManyWaitingRuns",
                "As many runs of the flow wait as its trigger allows. Try again after one has ended.",
            ));
        }
        if states.is_empty() {
            return Ok(Started { name: None, response: None });
        }
        let program = &definition;
        let of = Starting {
            tenant,
            flow: flow.id,
            version: flow.version,
            program,
            trace: &trace,
            invoker: Some(&invoker),
            runs_before: None,
            due: now,
            now,
        };
        let mut started = None;
        for _ in 0..NAME_ATTEMPTS_MAX {
            let claim = flows::count_run(tenant, flow.id, flow.version, now);
            let (change, rows) = self.insert_runs(&of, claim, &states);
            match self.chassis.store.commit(change).await {
                Ok(()) => {
                    started = Some(rows);
                    break;
                }
                // Another run has one of the names.
                Err(StoreError::Conflict { statement }) if statement % 2 == 1 => {}
                Err(StoreError::Conflict { .. }) => {
                    return Err(Problem::conflict(
                        "The flow was changed or turned off at the same time. Read it again and retry.",
                    ));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let Some(rows) = started else {
            return Err(Problem::conflict(
                "Too many runs of this flow started in the same millisecond. Try again.",
            ));
        };
        drop(counting);
        let mut first = Started { name: rows.first().map(|(run, _)| run.name.clone()), response: None };
        for (index, ((run, _executing), state)) in rows.into_iter().zip(states).enumerate() {
            let trace = run.continued(&trace);
            let ended = self.execute_to_end((tenant, run, trace), &definition, state, now).await?;
            if index == 0 {
                first.response = ended.and_then(|(_, state)| state.response);
            }
        }
        Ok(first)
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
