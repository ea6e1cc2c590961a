//! Cancels runs, and lets runs wait for others of their flow.

use std::time::Duration;

use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::{Instant, Span, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use tokio::time::timeout;

use super::due_work::ended_early;
use super::execution::HELD_MAX;
use super::programs::Program;
use super::progress::serialize_state;
use super::saving::Actor;
use super::state::Flows;
use crate::engine::{Failure, RunState, cut_short};
use crate::ids::FlowId;
use crate::status::RunStatus;
use crate::tables::run_lists;
use crate::tables::runs::{self, RunRow, RunUpdate};

/// How often it is tried to cancel a run that makes progress at the same time.
const CANCEL_ATTEMPTS_MAX: usize = 50;

/// The minimum time after which a run that waits for others looks again.
const LOOK_AGAIN_AFTER: Span = Span::from_seconds(1);

impl Flows {
    /// Cancels a run that has not ended. Its executor stops before the next call: what was
    /// in progress is not recorded any more.
    pub(crate) async fn cancel(&self, actor: &Actor<'_>, flow: FlowId, name: &str) -> Result<(), Problem> {
        let tenant = actor.tenant;
        for _ in 0..CANCEL_ATTEMPTS_MAX {
            let found = runs::find(&self.chassis.store, tenant, flow, name).await?;
            let Some((run, record)) = found.filter(|(run, _)| run.next_due.is_some()) else {
                return Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "WorkflowRunAlreadyEnded",
                    "The run has ended and cannot be cancelled.",
                ));
            };
            let program = self.definition(tenant, flow, run.version).await?;
            let state: Option<RunState> = serde_json::from_str(&record).ok();
            let mut cut = match (program, state) {
                (Some(program), Some(mut state)) if state.matches(&program) => {
                    cut_short(&program, &mut state, actor.now);
                    Some((program, state))
                }
                _ => None,
            };
            let record = cut.as_ref().map_or(record, |(_, state)| serialize_state(state));
            let error = Failure::new("WorkflowRunCancelled", "The run was cancelled.");
            let update = RunUpdate {
                status: RunStatus::Cancelled,
                ended: Some(actor.now),
                next_due: None,
                error: Some(&error),
                record,
            };
            let mut change = Change::from(runs::end(tenant, &run, update));
            let payload = ended_early(flow, run.due, RunStatus::Cancelled, error.code.clone());
            let trace = run.continued(actor.trace);
            let event = Event::new(tenant, actor.now, Subject::run(name), &trace, payload);
            change.append(self.chassis.journal.entry(&event));
            match self.chassis.store.commit(change).await {
                // Its progress was stored meanwhile.
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    if let Some((program, state)) = &mut cut {
                        self.unsubscribe(tenant, &run, program, state, actor.trace, actor.now).await?;
                    }
                    return Ok(());
                }
            }
        }
        Err(Problem::conflict("The run makes progress too fast to be cancelled. Try again."))
    }

    /// Whether the flow may start another run: those beyond its concurrency wait, up to a number.
    pub(super) async fn has_room(
        &self,
        tenant: TenantId,
        flow: FlowId,
        program: &Program,
    ) -> Result<bool, Problem> {
        let Some(concurrency) = program.trigger.concurrency else { return Ok(true) };
        let Some(waiting) = concurrency.waiting else { return Ok(true) };
        let active = run_lists::list_active(&self.chassis.store, tenant, flow).await?;
        Ok(active.len() < concurrency.at_once + waiting)
    }

    /// Returns when a run that has not begun looks again whether it can begin, if as many earlier
    /// runs as the trigger allows have not ended.
    pub(super) async fn must_wait(
        &self,
        tenant: TenantId,
        run: &RunRow,
        program: &Program,
        now: Instant,
    ) -> Result<Option<Instant>, Problem> {
        let Some(concurrency) = program.trigger.concurrency else { return Ok(None) };
        let store = &self.chassis.store;
        let Some((own, _)) = runs::find(store, tenant, run.flow, &run.name).await? else { return Ok(None) };
        let mut has_waited = false;
        loop {
            let active = run_lists::list_active(store, tenant, run.flow).await?;
            let earlier: Vec<_> = active.into_iter().filter(|other| other.number < own.number).collect();
            if earlier.len() < concurrency.at_once {
                return Ok(None);
            }
            // One that is being executed may end at this instant of the tenant's time.
            let names = earlier.iter().map(|other| (tenant, other.flow, other.name.clone()));
            let executing = names.into_iter().find(|name| self.executing.is_executing(name));
            let Some(executing) = executing.filter(|_| !has_waited) else {
                let due = earlier.iter().filter_map(|other| other.next_due).min();
                return Ok(due.map(|due| due.max(now + LOOK_AGAIN_AFTER)));
            };
            has_waited = timeout(wall(HELD_MAX), self.executing.wait(&executing)).await.is_err();
        }
    }
}

fn wall(span: Span) -> Duration {
    Duration::from_micros(u64::try_from(span.as_micros()).unwrap_or_default())
}
