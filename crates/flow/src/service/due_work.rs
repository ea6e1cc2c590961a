//! Runs what is due, ordered by instant, then flow. Each item is claimed by a conditional update,
//! so that exactly one replica runs it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use outlive_chassis::{ClockReading, DueWork, Problem, Trace, Turn};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::{Change, StoreError};
use outlive_wire::Subject;
use outlive_wire::events::{FlowOccurrencesMissed, FlowSuspended, RunFinished};

use super::execution::Execution;
use super::polling::Occurred;
use super::starting::Starting;
use super::state::Flows;
use crate::engine::{Failure, RunState};
use crate::ids::FlowId;
use crate::status::RunStatus;
use crate::subscription::SubscriptionState;
use crate::tables::due::{self, Due, DueKind, Occurrence};
use crate::tables::flows;
use crate::tables::runs::{self, RunRow, RunUpdate};
use crate::tables::subscriptions;

/// The number of due items that are read at a time.
const BATCH: u32 = 200;

/// The result of a due item.
pub(super) struct Processed {
    /// The status of the run, if this process executed one.
    status: Option<RunStatus>,
    /// How many runs a recurrence started.
    started: u64,
    /// The next occurrence of the flow, if this process claimed one.
    following: Option<Due>,
}

const NOTHING_DONE: Processed = Processed { status: None, started: 0, following: None };

impl Flows {
    /// Runs what is due in the tenant, until the turn is over. Missed occurrences are skipped.
    pub(super) async fn run_due_work(&self, tenant: TenantId, turn: Turn) -> Result<DueWork, Problem> {
        let now = turn.now();
        let _one_at_a_time = self.due_locks.lock(tenant).await;
        let mut work = DueWork::default();
        if self.next_due(tenant).await?.is_none_or(|next| next > now) {
            return Ok(work);
        }
        loop {
            let listed = due::list(&self.chassis.store, tenant, now, &self.config.replica, BATCH).await?;
            // A full batch does not show what is due after its last item, so later items that it
            // leads to have to wait.
            let full = u32::try_from(listed.len()).is_ok_and(|listed| listed >= BATCH);
            let horizon = if full { listed.last().cloned() } else { None };
            let mut waiting: BinaryHeap<Reverse<Due>> = listed.into_iter().map(Reverse).collect();
            while let Some(Reverse(next)) = waiting.pop() {
                if horizon.as_ref().is_some_and(|horizon| next > *horizon) {
                    break;
                }
                let done = match next.kind {
                    DueKind::Occurrence(occurrence) => match turn.missed_before() {
                        Some(missed) if next.at < missed => {
                            self.skip_occurrences((tenant, next.flow), occurrence, next.at, missed, now)
                                .await?
                        }
                        _ => {
                            self.run_occurrence((tenant, next.flow), occurrence, next.at, turn.time()).await?
                        }
                    },
                    DueKind::Run(name) => self.resume(tenant, next.flow, &name, turn.time()).await?,
                    DueKind::Subscription(number) => {
                        let trace = self.chassis.begin_trace(tenant, turn.time());
                        self.call_subscription((tenant, next.flow, number), &trace, now).await?;
                        NOTHING_DONE
                    }
                    DueKind::Rule(rule) => {
                        self.apply_rule(tenant, next.flow, rule, turn.time()).await?;
                        NOTHING_DONE
                    }
                };
                if let Some(status) = done.status {
                    work.done += 1;
                    work.failed += u64::from(matches!(
                        status,
                        RunStatus::Failed | RunStatus::TimedOut | RunStatus::Aborted
                    ));
                }
                work.started += done.started;
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

    /// Skips missed occurrences: the flow continues with the first that was not missed.
    async fn skip_occurrences(
        &self,
        (tenant, flow): (TenantId, FlowId),
        occurrence: Occurrence,
        due: Instant,
        missed_before: Instant,
        now: Instant,
    ) -> Result<Processed, Problem> {
        let Occurrence { version, anchor, .. } = occurrence;
        let definition = self.definition(tenant, flow, version).await?;
        let recurrence = definition.as_ref().and_then(|definition| definition.trigger.recurrence());
        let Some(recurrence) = recurrence else {
            self.suspend(tenant, flow, version, now).await?;
            return Ok(NOTHING_DONE);
        };
        let next = recurrence.first_at_or_after(anchor, missed_before);
        let trace = Trace::begin(&self.chassis.random.of(tenant));
        let mut change = Change::from(flows::skip_occurrences(tenant, flow, version, due, next));
        let payload = FlowOccurrencesMissed { first: due, next };
        let event = Event::new(tenant, now, Subject::flow(flow), &trace, payload);
        change.append(self.chassis.journal.entry(&event));
        match self.chassis.store.commit(change).await {
            Ok(()) => {
                let following = Due { at: next, flow, kind: DueKind::Occurrence(occurrence) };
                Ok(Processed { following: Some(following), ..NOTHING_DONE })
            }
            // The flow was changed, or another replica skipped the occurrences.
            Err(error) if error.is_conflict() => Ok(NOTHING_DONE),
            Err(error) => Err(error.into()),
        }
    }

    /// Starts the run of an occurrence: one commit claims the occurrence, sets the next one and
    /// inserts the run.
    async fn run_occurrence(
        &self,
        (tenant, flow): (TenantId, FlowId),
        occurrence: Occurrence,
        due: Instant,
        time: ClockReading,
    ) -> Result<Processed, Problem> {
        let now = time.now;
        let Occurrence { version, anchor, runs } = occurrence;
        let Some(definition) = self.definition(tenant, flow, version).await? else {
            self.suspend(tenant, flow, version, now).await?;
            return Ok(NOTHING_DONE);
        };
        let Some(recurrence) = definition.trigger.recurrence() else {
            self.suspend(tenant, flow, version, now).await?;
            return Ok(NOTHING_DONE);
        };
        let next = recurrence.next_after(anchor, due);
        let trace = self.chassis.begin_trace(tenant, time);
        let of = Starting {
            tenant,
            flow,
            version,
            program: &definition,
            trace: &trace,
            invoker: None,
            runs_before: Some(runs),
            due,
            now,
        };
        let Occurred { states, trigger, poll } = self.occur(&of).await?;
        let next = poll.due.unwrap_or(next);
        let started = i64::try_from(states.len()).unwrap_or(i64::MAX);
        let following = Occurrence { runs: runs.saturating_add(started), ..occurrence };
        let following = Due { at: next, flow, kind: DueKind::Occurrence(following) };
        let claim = if states.is_empty() {
            flows::skip_occurrences(tenant, flow, version, due, next)
        } else {
            flows::claim_occurrence(tenant, flow, version, (due, next), now)
        };
        let (mut change, rows) = self.insert_runs(&of, claim, &states);
        change.append(self.after_trigger(tenant, flow, trigger, now).await?);
        if let Some(location) = &poll.location {
            change.add(flows::set_trigger_state(tenant, flow, version, location));
        }
        match self.chassis.store.commit(change).await {
            Ok(()) => {}
            // A run of the same flow in the same millisecond has this name: generate another.
            Err(StoreError::Conflict { statement }) if statement % 2 == 1 => {
                let again = Due { at: due, flow, kind: DueKind::Occurrence(occurrence) };
                return Ok(Processed { following: Some(again), ..NOTHING_DONE });
            }
            Err(StoreError::Conflict { .. }) => return Ok(NOTHING_DONE),
            Err(error) => return Err(error.into()),
        }
        let mut status = None;
        for ((run, executing), state) in rows.into_iter().zip(states) {
            let (trace, definition) = (run.continued(&trace), Arc::clone(&definition));
            let execution = Execution { tenant, run, trace, definition, state, executing };
            let ended = self.execute(execution, now).await?;
            status = if status == Some(RunStatus::Failed) { status } else { ended };
        }
        let started = u64::try_from(started).unwrap_or_default();
        Ok(Processed { status, started, following: Some(following) })
    }

    /// Resumes a run whose retry is due, or that a crashed process left unfinished. It continues
    /// from its last progress: the call whose response was not stored is repeated.
    pub(super) async fn resume(
        &self,
        tenant: TenantId,
        flow: FlowId,
        name: &str,
        time: ClockReading,
    ) -> Result<Processed, Problem> {
        let now = time.now;
        // A run that a request started ends or waits first.
        let executing = self.executing.lock((tenant, flow, name.to_owned())).await;
        let found = runs::find(&self.chassis.store, tenant, flow, name).await?;
        let is_due = |run: &RunRow| run.next_due.is_some_and(|due| due <= now);
        let Some((mut run, record)) = found.filter(|(run, _)| is_due(run)) else {
            return Ok(NOTHING_DONE);
        };
        match self.chassis.store.commit(runs::claim(tenant, &run, &self.claimant())).await {
            Ok(()) => run.attempt += 1,
            Err(error) if error.is_conflict() => return Ok(NOTHING_DONE),
            Err(error) => return Err(error.into()),
        }
        let definition = self.definition(tenant, flow, run.version).await?;
        let state: Option<RunState> = serde_json::from_str(&record).ok();
        let trace = run.continued(&self.chassis.begin_trace(tenant, time));
        let status = match (definition, state) {
            (Some(definition), Some(mut state)) if state.matches(&definition) => {
                if !self.apply_callbacks(tenant, &mut run, &definition, &mut state, now).await? {
                    return Ok(NOTHING_DONE);
                }
                let execution = Execution { tenant, run, trace, definition, state, executing };
                self.execute(execution, now).await?
            }
            _ => self.abort(tenant, &run, record, &trace, now).await?,
        };
        Ok(Processed { status, ..NOTHING_DONE })
    }

    /// Ends a run that cannot be resumed.
    async fn abort(
        &self,
        tenant: TenantId,
        run: &RunRow,
        record: String,
        trace: &Trace,
        now: Instant,
    ) -> Result<Option<RunStatus>, Problem> {
        let error = Failure::new("WorkflowRunAborted", "The state of the run cannot be read.");
        let update = RunUpdate {
            status: RunStatus::Aborted,
            ended: Some(now),
            next_due: None,
            error: Some(&error),
            record,
        };
        let mut change = Change::from(runs::release(tenant, run, update));
        let payload = ended_early(run.flow, run.due, RunStatus::Aborted, error.code);
        let event = Event::new(tenant, now, Subject::run(&run.name), trace, payload);
        change.append(self.chassis.journal.entry(&event));
        change.append(self.after_run(tenant, run.flow, RunStatus::Aborted, now).await?);
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
        let mut change = Change::from(flows::suspend(tenant, flow, version));
        for statement in subscriptions::end(tenant, flow, now) {
            change.add(statement);
        }
        let payload = FlowSuspended {
            reason: Some("its definition cannot be read".to_owned()),
            suspension_reason: None,
            display_name: None,
            state: None,
            version: None,
            user: None,
            next_due: None,
        };
        let event = Event::new(tenant, now, Subject::flow(flow), &trace, payload);
        change.append(self.chassis.journal.entry(&event));
        self.chassis.store.commit(change).await?;
        self.call_subscriptions((tenant, flow), SubscriptionState::Unsubscribing, &trace, now).await
    }
}

/// Returns the event of a run that was ended early.
pub(super) fn ended_early(flow: FlowId, due: Instant, status: RunStatus, code: String) -> RunFinished {
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
