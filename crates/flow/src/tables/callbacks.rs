//! Rows of the table `callbacks`. They are deleted with their run.

use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Statement, Store, StoreError, sql};
use serde_json::Value;

use super::repetitions::RunKey;
use crate::ids::FlowId;

/// Stores a call back, and makes the run due. Conflicts if the action was called back before.
pub(crate) fn insert(
    (tenant, flow, run): RunKey<'_>,
    repetition: &str,
    outputs: Value,
    now: Instant,
) -> Change {
    let mut change = Change::from(sql!(
        "INSERT INTO callbacks (tenant, flow, run, repetition, outputs) VALUES ($1, $2, $3, $4, $5)",
        tenant,
        flow,
        run,
        repetition,
        outputs
    ));
    change.add(wake((tenant, flow, run), now));
    change
}

/// Makes a waiting run due that was called back.
pub(crate) fn wake((tenant, flow, run): RunKey<'_>, now: Instant) -> Statement {
    sql!(
        "UPDATE runs SET next_due_us = $4 \
         WHERE tenant = $1 AND flow = $2 AND name = $3 AND status = 'Waiting' AND next_due_us > $4 \
         AND EXISTS (SELECT 1 FROM callbacks WHERE tenant = $1 AND flow = $2 AND run = $3)",
        tenant,
        flow,
        run,
        now
    )
}

/// Reads the calls back to a run: the actions, with the outputs.
pub(crate) async fn list(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    run: &str,
) -> Result<Vec<(String, Value)>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT repetition, outputs FROM callbacks WHERE tenant = $1 AND flow = $2 AND run = $3 ORDER BY repetition",
            tenant,
            flow,
            run
        ))
        .await?;
    rows.iter().map(|row| Ok((row.text("repetition")?, row.json("outputs")?))).collect()
}

pub(crate) fn delete((tenant, flow, run): RunKey<'_>, repetition: &str) -> Statement {
    sql!(
        "DELETE FROM callbacks WHERE tenant = $1 AND flow = $2 AND run = $3 AND repetition = $4",
        tenant,
        flow,
        run,
        repetition
    )
}
