//! Doing what is due, in order: by instant, then by flow. Each piece is claimed by a conditional update, so that of several
//! replicas one does it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use outlive_chassis::{DueWork, Problem, Trace, Turn};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::{Change, StoreError};
use outlive_wire::Subject;
use outlive_wire::events::{FlowOccurrencesMissed, FlowSuspended, RunFinished};
use serde_json::Value;

use super::Flows;
use super::execution::Execution;
use crate::definition::TriggerKind;
use crate::engine::{Failure, RunState};
use crate::ids::{FlowId, run_name};
use crate::status::RunStatus;
use crate::tables::due::{self, Due, What};
use crate::tables::flows;
use crate::tables::runs::{self, RunRow, Standing};

/// How many due things are read at a time.
const BATCH: u32 = 200;

/// What became of something due.
struct Done {
    /// The run's status, if this process worked on one.
    status: Option<RunStatus>,
    /// The flow's next occurrence, if it had one taken.
    following: Option<Due>,
}

const NOTHING: Done = Done { status: None, following: None };

impl Flows {
    /// Does what of the tenant is due, until the turn is over. Missed occurrences are skipped.
    pub(super) async fn work_off(&self, tenant: TenantId, turn: Turn) -> Result<DueWork, Problem> {
        let now = turn.now();
        let lock = self.working(tenant);
        let _one_at_a_time = lock.lock().await;
        let mut work = DueWork::default();
        if self.next_due(tenant).await?.is_none_or(|next| next > now) {
            return Ok(work);
        }
        loop {
            let listed = due::list(&self.chassis.store, tenant, now, &self.config.replica, BATCH).await?;
            // A full batch says nothing about what is due after its last; what comes of its own may lie there.
            let full = u32::try_from(listed.len()).is_ok_and(|listed| listed >= BATCH);
            let horizon = if full { listed.last().cloned() } else { None };
            let mut waiting: BinaryHeap<Reverse<Due>> = listed.into_iter().map(Reverse).collect();
            while let Some(Reverse(next)) = waiting.pop() {
                if horizon.as_ref().is_some_and(|horizon| next > *horizon) {
                    break;
                }
                let done = match next.what {
                    What::Occurrence { version, anchor } => match turn.missed_before() {
                        Some(missed) if next.at < missed => {
                            self.skip((tenant, next.flow, version), anchor, next.at, missed, now).await?
                        }
                        _ => self.occurrence(tenant, next.flow, version, anchor, next.at, now).await?,
                    },
                    What::Run(name) => self.take_up(tenant, next.flow, &name, now).await?,
                };
                if let Some(status) = done.status {
                    work.done += 1;
                    work.failed += u64::from(matches!(
                        status,
                        RunStatus::Failed | RunStatus::TimedOut | RunStatus::Aborted
                    ));
                }
                waiting.extend(done.following.filter(|following| following.at <= now).map(Reverse));
                if turn.is_over() {
                    return Ok(work);
                }
            }
            if !full {
                return Ok(work);
            }
        }
    }

    /// Skips occurrences that were missed: the flow goes on with the first one that was not.
    async fn skip(
        &self,
        (tenant, flow, version): (TenantId, FlowId, i64),
        anchor: Instant,
        due: Instant,
        missed_before: Instant,
        now: Instant,
    ) -> Result<Done, Problem> {
        let definition = self.definition(tenant, flow, version).await?;
        let Some(TriggerKind::Recurrence(recurrence)) =
            definition.as_ref().map(|definition| &definition.trigger.kind)
        else {
            self.suspend(tenant, flow, version, now).await?;
            return Ok(NOTHING);
        };
        let next = recurrence.first_at_or_after(anchor, missed_before);
        let trace = Trace::begin(&self.chassis.random.of(tenant));
        let mut change = Change::from(flows::occurrences_skipped(tenant, flow, version, due, next));
        let payload = FlowOccurrencesMissed { first: due, next };
        let event = Event::new(tenant, now, Subject::flow(flow), &trace, payload);
        change.append(self.chassis.journal.entry(&event));
        match self.chassis.store.commit(change).await {
            Ok(()) => {
                let following = Due { at: next, flow, what: What::Occurrence { version, anchor } };
                Ok(Done { status: None, following: Some(following) })
            }
            // The flow was changed, or another replica skipped them.
            Err(error) if error.is_conflict() => Ok(NOTHING),
            Err(error) => Err(error.into()),
        }
    }

    /// Begins the run of an occurrence: one commit takes the occurrence, sets the next and writes the run.
    async fn occurrence(
        &self,
        tenant: TenantId,
        flow: FlowId,
        version: i64,
        anchor: Instant,
        due: Instant,
        now: Instant,
    ) -> Result<Done, Problem> {
        let definition = self.definition(tenant, flow, version).await?;
        let recurrence = definition.as_ref().and_then(|definition| match definition.trigger.kind {
            TriggerKind::Recurrence(recurrence) => Some(recurrence),
            TriggerKind::Request { .. } => None,
        });
        let (Some(definition), Some(recurrence)) = (definition, recurrence) else {
            self.suspend(tenant, flow, version, now).await?;
            return Ok(NOTHING);
        };
        let next = recurrence.next_after(anchor, due);
        let random = self.chassis.random.of(tenant);
        let trace = Trace::begin(&random);
        let state = RunState::new(&definition, now, Value::Null);
        let run = RunRow {
            flow,
            name: run_name(now, &mut random.stream("run-name")),
            number: 0,
            version,
            trigger_name: definition.trigger.name.clone(),
            due,
            started: now,
            ended: None,
            status: RunStatus::Running,
            error: None,
            trace: trace.trace_id.to_string(),
            next_due: Some(due),
            attempt: 1,
        };
        let mut change = Change::new();
        change.add(flows::occurrence_taken(tenant, flow, version, due, next));
        change.add(runs::insertion(tenant, &run, record_of(&state), &self.taker()));
        for statement in runs::pruning(tenant, flow, now) {
            change.add(statement);
        }
        match self.chassis.store.commit(change).await {
            Ok(()) => {}
            // The name is taken, by a run of the same flow within the same millisecond: another draw gives another name.
            Err(StoreError::Conflict { statement: 1 }) => {
                let again = Due { at: due, flow, what: What::Occurrence { version, anchor } };
                return Ok(Done { status: None, following: Some(again) });
            }
            Err(StoreError::Conflict { .. }) => return Ok(NOTHING),
            Err(error) => return Err(error.into()),
        }
        let status = self.execute(Execution { tenant, run, trace, definition, state }, now).await?;
        let following = Due { at: next, flow, what: What::Occurrence { version, anchor } };
        Ok(Done { status, following: Some(following) })
    }

    /// Takes up a run whose retry is due, or that was left behind by a process that died: it goes on from what was last written. A
    /// call whose answer was not written is made again.
    async fn take_up(
        &self,
        tenant: TenantId,
        flow: FlowId,
        name: &str,
        now: Instant,
    ) -> Result<Done, Problem> {
        let Some((mut run, record)) = runs::read(&self.chassis.store, tenant, flow, name).await? else {
            return Ok(NOTHING);
        };
        match self.chassis.store.commit(runs::taken(tenant, &run, &self.taker())).await {
            Ok(()) => run.attempt += 1,
            Err(error) if error.is_conflict() => return Ok(NOTHING),
            Err(error) => return Err(error.into()),
        }
        let definition = self.definition(tenant, flow, run.version).await?;
        let state: Option<RunState> = serde_json::from_str(&record).ok();
        let random = self.chassis.random.of(tenant);
        let trace = Trace { trace_id: run.trace.as_str().into(), ..Trace::begin(&random) };
        let status = match (definition, state) {
            (Some(definition), Some(state)) if state.fits(&definition) => {
                self.execute(Execution { tenant, run, trace, definition, state }, now).await?
            }
            _ => self.abort(tenant, &run, record, &trace, now).await?,
        };
        Ok(Done { status, following: None })
    }

    /// Ends a run that cannot be continued.
    async fn abort(
        &self,
        tenant: TenantId,
        run: &RunRow,
        record: String,
        trace: &Trace,
        now: Instant,
    ) -> Result<Option<RunStatus>, Problem> {
        let error = Failure::new("WorkflowRunAborted", "What the run had done so far can no longer be read.");
        let standing = Standing {
            status: RunStatus::Aborted,
            ended: Some(now),
            next_due: None,
            error: Some(&error),
            record,
        };
        let mut change = Change::from(runs::put_down(tenant, run.flow, &run.name, run.attempt, standing));
        let payload = cut_short(run.flow, run.due, RunStatus::Aborted, error.code);
        let event = Event::new(tenant, now, Subject::run(&run.name), trace, payload);
        change.append(self.chassis.journal.entry(&event));
        self.chassis.store.commit(change).await?;
        Ok(Some(RunStatus::Aborted))
    }

    async fn suspend(
        &self,
        tenant: TenantId,
        flow: FlowId,
        version: i64,
        now: Instant,
    ) -> Result<(), Problem> {
        let trace = Trace::begin(&self.chassis.random.of(tenant));
        let mut change = Change::from(flows::suspended(tenant, flow, version));
        let payload = FlowSuspended {
            reason: Some("its definition cannot be read".to_owned()),
            display_name: None,
            state: None,
            version: None,
            user: None,
            next_due: None,
        };
        let event = Event::new(tenant, now, Subject::flow(flow), &trace, payload);
        change.append(self.chassis.journal.entry(&event));
        Ok(self.chassis.store.commit(change).await?)
    }
}

/// The event of a run that ended before its definition did.
pub(super) fn cut_short(flow: FlowId, due: Instant, status: RunStatus, code: String) -> RunFinished {
    RunFinished {
        flow,
        status: status.name().to_owned(),
        code: Some(code),
        trigger: None,
        due,
        started: None,
        actions: Vec::new(),
    }
}

/// The engine's state as it is stored.
pub(super) fn record_of(state: &RunState) -> String {
    // Maps with text keys, numbers that are finite: nothing in it can fail to be JSON.
    serde_json::to_string(state).unwrap_or_default()
}
