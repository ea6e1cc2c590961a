//! Stores the state of a run: between its calls, so that a crash repeats only the call in progress,
//! and when it ends or waits.

use std::borrow::Cow;

use outlive_chassis::Problem;
use outlive_clock::TenantId;
use outlive_store::Change;
use outlive_wire::events::RunAction;

use super::state::Flows;
use crate::engine::{ActionRecord, RunState};
use crate::status::ActionStatus;
use crate::tables::runs::{self, RunRow, RunUpdate};
use crate::tables::{callbacks, repetitions};

/// The maximum number of failed actions of iterations in a journal event.
const FAILURES_RECORDED_MAX: usize = 20;

impl Flows {
    /// Stores what a run has done so far, together with another change. Returns whether the run may
    /// go on: it may not after it was cancelled, deleted, or claimed by another replica.
    pub(super) async fn store_progress(
        &self,
        tenant: TenantId,
        run: &mut RunRow,
        state: &mut RunState,
        with: Change,
    ) -> Result<bool, Problem> {
        let record = serialize_state(state);
        let mut change = Change::from(runs::progress(tenant, run, record, &self.claimant()));
        change.append(with);
        change.append(archive(tenant, run, state));
        match self.chassis.store.commit(change).await {
            Ok(()) => {
                run.attempt += 1;
                Ok(true)
            }
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores a run that has ended or waits, with its consequences and the journal event. Returns
    /// whether it was still this process's.
    pub(super) async fn release(
        &self,
        tenant: TenantId,
        run: &RunRow,
        state: &mut RunState,
        update: RunUpdate<'_>,
        consequences: Change,
    ) -> Result<bool, Problem> {
        let mut change = Change::from(runs::release(tenant, run, update));
        change.append(archive(tenant, run, state));
        change.append(consequences);
        match self.chassis.store.commit(change).await {
            Ok(()) => {}
            Err(error) if error.is_conflict() => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        if state.awaits_callbacks() {
            // It may have been called back before it waited.
            let now = self.chassis.clocks.now(tenant).await?;
            self.chassis.store.commit(callbacks::wake((tenant, run.flow, &run.name), now)).await?;
        }
        Ok(true)
    }
}

fn archive(tenant: TenantId, run: &RunRow, state: &mut RunState) -> Change {
    let mut change = Change::new();
    for iteration in state.take_archived() {
        change.add(repetitions::insert((tenant, run.flow, &run.name), &iteration));
    }
    change
}

/// Returns the actions for a journal event, without inputs and outputs: those of the flow itself,
/// and those that failed in iterations of loops.
pub(crate) fn recorded_actions(state: &RunState) -> Vec<RunAction> {
    let held = state.frames.values().flat_map(|frame| frame.actions.iter().flatten());
    let failed = held.filter(|record| record.status == ActionStatus::Failed);
    let failed = state.archived.failures.iter().chain(failed).take(FAILURES_RECORDED_MAX);
    let actions = state.actions.iter().flatten().chain(failed).map(|record: &ActionRecord| {
        let shown = record.shown();
        RunAction {
            name: record.name.clone(),
            status: record.status.name().to_owned(),
            code: shown.code.map(Cow::into_owned),
            message: shown.error.map(|error| error.message.clone()),
            retries: record.retries,
        }
    });
    actions.collect()
}

pub(super) fn serialize_state(state: &RunState) -> String {
    // Maps with string keys and finite numbers can always be serialized.
    serde_json::to_string(state).unwrap_or_default()
}
