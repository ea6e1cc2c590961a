//! Starts the runs of an event.

use outlive_chassis::Trace;
use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Statement};

use super::executing::ExecutingRun;
use super::programs::Program;
use super::progress::serialize_state;
use super::state::Flows;
use crate::connector::Invoker;
use crate::engine::RunState;
use crate::ids::{FlowId, run_name};
use crate::status::RunStatus;
use crate::tables::flows;
use crate::tables::runs::{self, RunRow};

/// A flow at a version, with the trace of the event that starts its runs. If it starts only one,
/// the run continues it.
pub(super) struct Starting<'a> {
    pub(super) tenant: TenantId,
    pub(super) flow: FlowId,
    pub(super) version: i64,
    pub(super) program: &'a Program,
    pub(super) trace: &'a Trace,
    /// The user who starts the runs; `None` if a trigger does.
    pub(super) invoker: Option<&'a Invoker>,
    /// The number of runs that the flow had, if it is known.
    pub(super) runs_before: Option<i64>,
    /// When the event was due, and the present.
    pub(super) due: Instant,
    pub(super) now: Instant,
}

impl Flows {
    /// Adds runs with new names to a change whose first statement is `claim`, which also counts the
    /// first run. Without runs, it is the whole change.
    pub(super) fn insert_runs(
        &self,
        of: &Starting<'_>,
        claim: Statement,
        states: &[RunState],
    ) -> (Change, Vec<(RunRow, ExecutingRun)>) {
        let random = self.chassis.random.of(of.tenant);
        let mut change = Change::from(claim);
        let mut rows = Vec::with_capacity(states.len());
        // Each of several runs has a trace of its own: the requests of the trigger are of none.
        let is_only = states.len() == 1;
        for (index, state) in states.iter().enumerate() {
            // Begun before the run is stored, so that it never seems to be abandoned.
            let (name, executing) = loop {
                let name = run_name(of.now, &mut random.stream("run-name"));
                if let Some(executing) = self.executing.begin((of.tenant, of.flow, name.clone())) {
                    break (name, executing);
                }
            };
            let run = RunRow {
                flow: of.flow,
                name,
                number: 0,
                version: of.version,
                trigger_name: of.program.trigger.name.clone(),
                due: of.due,
                started: of.now,
                ended: None,
                status: RunStatus::Running,
                error: None,
                trace: if is_only {
                    of.trace.trace_id.to_string()
                } else {
                    Trace::begin(&random).trace_id.to_string()
                },
                next_due: Some(of.due),
                attempt: 1,
                invoker: of.invoker.cloned(),
            };
            if index > 0 {
                change.add(flows::count_run(of.tenant, of.flow, of.version, of.now));
            }
            change.add(runs::insert(of.tenant, &run, serialize_state(state), &self.claimant()));
            rows.push((run, executing));
        }
        let started = i64::try_from(rows.len()).unwrap_or_default();
        let prunes = of.runs_before.is_none_or(|before| runs::prunes(before.saturating_add(started)));
        if started > 0 && prunes {
            for statement in runs::prune(of.tenant, of.flow, of.now) {
                change.add(statement);
            }
        }
        (change, rows)
    }
}
