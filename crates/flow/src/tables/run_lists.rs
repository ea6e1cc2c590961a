//! Lists of runs: pages of a flow's history, runs that have not ended, and how many have each
//! status.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use outlive_clock::{Instant, TenantId, UserId};
use outlive_store::{Statement, Store, StoreError, sql};

use super::runs::{HISTORY, RunRow, run_of};
use crate::ids::FlowId;
use crate::status::RunStatus;

macro_rules! runs_where {
    ($condition:expr) => {
        concat!(
            "SELECT flow, name, number, version, trigger_name, due_us, started_us, ended_us, status, error, trace, next_due_us, \
             attempt, invoker, invoker_connections FROM runs WHERE tenant = $1 AND flow = $2 AND number < $3 \
             AND (started_us >= $4 OR next_due_us IS NOT NULL) AND ",
            $condition,
            " ORDER BY number DESC LIMIT $5"
        )
    };
}

/// The newest runs of each status.
macro_rules! newest_of {
    ($first:literal $(, $status:literal)*) => {
        concat!(
            "SELECT * FROM (", runs_where!(concat!("status = '", $first, "'")), ") AS newest",
            $(" UNION ALL SELECT * FROM (", runs_where!(concat!("status = '", $status, "'")), ") AS newest"),*
        )
    };
}

/// The index of runs is by status and number, so the cost of a page does not grow with the history,
/// but with the runs that are older and have not been pruned yet.
const OF_ANY_STATUS: &str =
    newest_of!("Running", "Waiting", "Succeeded", "Failed", "Cancelled", "TimedOut", "Aborted");

/// Reads the runs of a flow that the history contains at `now`, newest first, before the run of
/// that number; those of one status, or all.
pub(crate) async fn list(
    store: &Store,
    (tenant, flow): (TenantId, FlowId),
    status: Option<RunStatus>,
    now: Instant,
    before: i64,
    limit: u32,
) -> Result<Vec<RunRow>, StoreError> {
    let mut values = vec![tenant.into(), flow.into(), before.into(), (now - HISTORY).into(), limit.into()];
    let text = match status {
        None => OF_ANY_STATUS,
        Some(status) => {
            values.push(status.name().into());
            runs_where!("status = $6")
        }
    };
    let rows = store.rows(Statement::new(text, values)).await?;
    let mut runs = rows.iter().map(run_of).collect::<Result<Vec<_>, _>>()?;
    // SQLite would take four times as long to sort a union.
    if status.is_none() {
        runs.sort_unstable_by_key(|run| Reverse(run.number));
        runs.truncate(limit as usize);
    }
    Ok(runs)
}

/// Reads the runs of a flow that a user started and the history contains at `now`, newest first,
/// before the run of that number; those of one status, or all.
pub(crate) async fn list_of_invoker(
    store: &Store,
    (tenant, flow, invoker): (TenantId, FlowId, UserId),
    status: Option<RunStatus>,
    now: Instant,
    before: i64,
    limit: u32,
) -> Result<Vec<RunRow>, StoreError> {
    let values = vec![
        tenant.into(),
        flow.into(),
        before.into(),
        (now - HISTORY).into(),
        limit.into(),
        invoker.into(),
        status.map_or("", RunStatus::name).into(),
    ];
    let text = runs_where!("invoker = $6 AND ($7 = '' OR status = $7)");
    let rows = store.rows(Statement::new(text, values)).await?;
    rows.iter().map(run_of).collect()
}

/// Reads the runs of a flow that have not ended.
pub(crate) async fn list_active(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
) -> Result<Vec<RunRow>, StoreError> {
    let flow = (tenant, flow);
    let mut runs = list(store, flow, Some(RunStatus::Waiting), Instant::MAX, i64::MAX, 250).await?;
    runs.extend(list(store, flow, Some(RunStatus::Running), Instant::MAX, i64::MAX, 250).await?);
    Ok(runs)
}

/// Counts the runs of all flows by status, including pruned runs, without those of deleted flows.
pub(crate) async fn count_by_status(
    store: &Store,
    tenant: TenantId,
) -> Result<BTreeMap<String, i64>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT status, CAST(SUM(runs) AS BIGINT) AS runs FROM \
             (SELECT status, CAST(COUNT(*) AS BIGINT) AS runs FROM runs WHERE tenant = $1 GROUP BY status \
             UNION ALL SELECT status, runs FROM pruned_runs WHERE tenant = $1) AS counted GROUP BY status",
            tenant
        ))
        .await?;
    rows.iter().map(|row| Ok((row.text("status")?, row.int("runs")?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_all_runs_has_every_status() {
        for status in RunStatus::ALL {
            assert!(OF_ANY_STATUS.contains(&format!("status = '{}'", status.name())), "{status:?}");
        }
        assert_eq!(OF_ANY_STATUS.matches("status = ").count(), RunStatus::ALL.len());
    }
}
