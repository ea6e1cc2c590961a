//! Runs: the history of 28 days, and those that have not ended.

use std::collections::BTreeMap;

use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::{Row, Statement, Store, StoreError, sql};

use crate::engine::Failure;
use crate::ids::FlowId;
use crate::status::RunStatus;

/// How long the history of runs reaches back, by their start in the tenant's time. "By default,
/// flow run data is stored for 28 days (2,419,200 seconds)": Microsoft Learn, *Manage cloud flow
/// run history in Dataverse*.
const HISTORY: Span = Span::from_days(28);
/// How many of a flow's oldest runs are looked at, and pruned if they are older than the history,
/// when a run of it begins: more than one, so that a long history from an earlier version gets
/// shorter, and few, so that no run takes much longer.
const PRUNED_MAX: i64 = 16;

/// A run as it stands in the table. `record` is the engine's state as JSON.
#[derive(Clone, Debug)]
pub(crate) struct RunRow {
    pub(crate) flow: FlowId,
    pub(crate) name: String,
    pub(crate) number: i64,
    pub(crate) version: i64,
    pub(crate) trigger_name: String,
    pub(crate) due: Instant,
    pub(crate) started: Instant,
    pub(crate) ended: Option<Instant>,
    pub(crate) status: RunStatus,
    pub(crate) error: Option<Failure>,
    pub(crate) trace: String,
    pub(crate) next_due: Option<Instant>,
    pub(crate) attempt: i64,
}

impl RunRow {
    /// Whether the history shows it at `now`: it began within the last 28 days, or has not ended.
    pub(crate) fn is_shown(&self, now: Instant) -> bool {
        self.next_due.is_some() || self.started >= now - HISTORY
    }
}

fn run_of(row: &Row) -> Result<RunRow, StoreError> {
    let status = row.text("status")?;
    let error = row.opt_text("error")?.map(|_| row.json("error")).transpose()?;
    Ok(RunRow {
        flow: row.parse("flow")?,
        name: row.text("name")?,
        number: row.int("number")?,
        version: row.int("version")?,
        trigger_name: row.text("trigger_name")?,
        due: row.instant("due_us")?,
        started: row.instant("started_us")?,
        ended: row.opt_instant("ended_us")?,
        status: RunStatus::named(&status)
            .ok_or_else(|| StoreError::Corrupt { column: "status".to_owned(), why: status })?,
        error,
        trace: row.text("trace")?,
        next_due: row.opt_instant("next_due_us")?,
        attempt: row.int("attempt")?,
    })
}

/// A run with the engine's state.
pub(crate) async fn read(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    name: &str,
) -> Result<Option<(RunRow, String)>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT flow, name, number, version, trigger_name, due_us, started_us, ended_us, status, error, trace, next_due_us, \
             attempt, record FROM runs WHERE tenant = $1 AND flow = $2 AND name = $3",
            tenant,
            flow,
            name
        ))
        .await?;
    row.map(|row| Ok((run_of(&row)?, row.text("record")?))).transpose()
}

/// Runs of a flow that the history shows at `now`, the newest first, before the run of that number;
/// of one status, or of all.
pub(crate) async fn list(
    store: &Store,
    (tenant, flow): (TenantId, FlowId),
    status: Option<RunStatus>,
    now: Instant,
    before: i64,
    limit: u32,
) -> Result<Vec<RunRow>, StoreError> {
    // Two statements, so that each walks its own index and a page costs the same however long the history is.
    let rows = match status {
        None => {
            store
                .rows(sql!(
                    "SELECT flow, name, number, version, trigger_name, due_us, started_us, ended_us, status, error, trace, \
                     next_due_us, attempt FROM runs WHERE tenant = $1 AND flow = $2 AND number < $3 \
                     AND (started_us >= $4 OR next_due_us IS NOT NULL) ORDER BY number DESC LIMIT $5",
                    tenant,
                    flow,
                    before,
                    now - HISTORY,
                    limit
                ))
                .await?
        }
        Some(status) => {
            store
                .rows(sql!(
                    "SELECT flow, name, number, version, trigger_name, due_us, started_us, ended_us, status, error, trace, \
                     next_due_us, attempt FROM runs WHERE tenant = $1 AND flow = $2 AND status = $3 AND number < $4 \
                     AND (started_us >= $5 OR next_due_us IS NOT NULL) ORDER BY number DESC LIMIT $6",
                    tenant,
                    flow,
                    status.name(),
                    before,
                    now - HISTORY,
                    limit
                ))
                .await?
        }
    };
    rows.iter().map(run_of).collect()
}

/// How many runs of all flows there are and were, by status; those of deleted flows do not count.
pub(crate) async fn counts(store: &Store, tenant: TenantId) -> Result<BTreeMap<String, i64>, StoreError> {
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

/// Deletes runs that are older than the history and have ended, of the oldest of a flow, and counts
/// them. Goes into each change that begins a run of the flow, after the run itself; the journal
/// keeps what they did.
pub(crate) fn pruning(tenant: TenantId, flow: FlowId, now: Instant) -> [Statement; 2] {
    [
        sql!(
            "INSERT INTO pruned_runs (tenant, flow, status, runs) \
             SELECT tenant, flow, status, CAST(COUNT(*) AS BIGINT) FROM runs \
             WHERE tenant = $1 AND flow = $2 AND started_us < $3 AND next_due_us IS NULL \
             AND number < (SELECT MIN(number) FROM runs WHERE tenant = $1 AND flow = $2) + $4 \
             GROUP BY tenant, flow, status \
             ON CONFLICT (tenant, flow, status) DO UPDATE SET runs = pruned_runs.runs + excluded.runs",
            tenant,
            flow,
            now - HISTORY,
            PRUNED_MAX
        ),
        sql!(
            "DELETE FROM runs WHERE tenant = $1 AND flow = $2 AND started_us < $3 AND next_due_us IS NULL \
             AND number < (SELECT MIN(number) FROM runs WHERE tenant = $1 AND flow = $2) + $4",
            tenant,
            flow,
            now - HISTORY,
            PRUNED_MAX
        ),
    ]
}

/// Who has taken up a run, and until when (wall time) others leave it to them.
#[derive(Clone, Debug)]
pub(crate) struct Taker<'a> {
    pub(crate) replica: &'a str,
    pub(crate) lease: Instant,
}

/// Writes a new run; its number is what its flow has counted. Goes after [`super::flows::run_counted`] in the same change.
pub(crate) fn insertion(tenant: TenantId, run: &RunRow, record: String, taker: &Taker<'_>) -> Statement {
    sql!(
        "INSERT INTO runs (tenant, flow, name, number, version, trigger_name, due_us, started_us, status, record, trace, \
         next_due_us, attempt, replica, lease_wall_us) \
         VALUES ($1, $2, $3, (SELECT runs FROM flows WHERE tenant = $1 AND id = $2), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tenant,
        run.flow,
        &run.name,
        run.version,
        &run.trigger_name,
        run.due,
        run.started,
        run.status.name(),
        record,
        &run.trace,
        run.next_due,
        run.attempt,
        taker.replica,
        taker.lease
    )
}

/// Takes up a run that waits, or that whoever had it left behind: only one claimer can. It may have been taken up by another
/// replica since it was listed, even before it was read: then it is that replica's until its lease runs out.
pub(crate) fn taken(tenant: TenantId, run: &RunRow, taker: &Taker<'_>) -> Statement {
    sql!(
        "UPDATE runs SET status = 'Running', attempt = attempt + 1, replica = $5, lease_wall_us = $6 \
         WHERE tenant = $1 AND flow = $2 AND name = $3 AND attempt = $4 AND next_due_us IS NOT NULL \
         AND (replica = '' OR replica = $5 OR lease_wall_us < $7)",
        tenant,
        run.flow,
        &run.name,
        run.attempt,
        taker.replica,
        taker.lease,
        wall_now()
    )
    .expect_rows(1)
}

/// How a run stands after it was worked on.
pub(crate) struct Standing<'a> {
    pub(crate) status: RunStatus,
    pub(crate) ended: Option<Instant>,
    pub(crate) next_due: Option<Instant>,
    pub(crate) error: Option<&'a Failure>,
    pub(crate) record: String,
}

/// Puts a run down again, ended or waiting; only who took it up last can.
pub(crate) fn put_down(
    tenant: TenantId,
    flow: FlowId,
    name: &str,
    attempt: i64,
    standing: Standing<'_>,
) -> Statement {
    let error = standing.error.and_then(|error| serde_json::to_string(error).ok());
    sql!(
        "UPDATE runs SET status = $5, ended_us = $6, next_due_us = $7, error = $8, record = $9, replica = '' \
         WHERE tenant = $1 AND flow = $2 AND name = $3 AND attempt = $4 AND status = 'Running'",
        tenant,
        flow,
        name,
        attempt,
        standing.status.name(),
        standing.ended,
        standing.next_due,
        error,
        standing.record
    )
    .expect_rows(1)
}

/// The runs of a flow that have not ended.
pub(crate) async fn unfinished(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
) -> Result<Vec<RunRow>, StoreError> {
    let flow = (tenant, flow);
    let mut runs = list(store, flow, Some(RunStatus::Waiting), Instant::MAX, i64::MAX, 250).await?;
    runs.extend(list(store, flow, Some(RunStatus::Running), Instant::MAX, i64::MAX, 250).await?);
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use outlive_clock::Span;
    use outlive_store::DatabaseUrl;
    use uuid::Uuid;

    use super::*;

    /// Another replica may take a run up between the moment it was listed and the moment it is read.
    #[tokio::test]
    async fn what_another_replica_works_on_is_left_to_it_until_its_lease_ends() {
        let dir = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(dir.path().join("flow.db"));
        let store = Store::open(&url, "flow", &[("flow", crate::MIGRATIONS)]).await.expect("opens");
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let later = wall_now() + Span::from_hours(1);
        let earlier = wall_now() - Span::from_micros(1);
        let mut run = RunRow {
            flow: FlowId::from_uuid(Uuid::from_u128(2)),
            name: "run".to_owned(),
            number: 0,
            version: 1,
            trigger_name: "Recurrence".to_owned(),
            due: Instant::EPOCH,
            started: Instant::EPOCH,
            ended: None,
            status: RunStatus::Running,
            error: None,
            trace: String::new(),
            next_due: Some(Instant::EPOCH),
            attempt: 1,
        };
        store
            .commit(sql!(
                "INSERT INTO flows (tenant, id, owner, display_name, state, version, created_us, changed_us, anchor_us, runs) \
                 VALUES ($1, $2, '', '', 'Started', 1, 0, 0, 0, 1)",
                tenant,
                run.flow
            ))
            .await
            .expect("a flow");
        let first = Taker { replica: "first", lease: later };
        store.commit(insertion(tenant, &run, "{}".to_owned(), &first)).await.expect("begun");
        let second = Taker { replica: "second", lease: earlier };
        assert!(store.commit(taken(tenant, &run, &second)).await.expect_err("at work").is_conflict());
        store.commit(taken(tenant, &run, &first)).await.expect("its own, left behind when it died");

        run.attempt = 2;
        let waiting = Standing {
            status: RunStatus::Waiting,
            ended: None,
            next_due: Some(later),
            error: None,
            record: "{}".to_owned(),
        };
        store.commit(put_down(tenant, run.flow, &run.name, run.attempt, waiting)).await.expect("put down");
        store.commit(taken(tenant, &run, &second)).await.expect("nobody has it");
        run.attempt = 3;
        store.commit(taken(tenant, &run, &first)).await.expect("the second's lease has ended");
    }
}
