//! Rows of the table `runs`: the history of 28 days, and runs that have not ended.

use outlive_chassis::Trace;
use outlive_clock::{Instant, Span, TenantId, wall_now};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use serde_json::json;

use super::records::{packed, unpacked};
use crate::connector::{Invoker, InvokerTokens};
use crate::engine::Failure;
use crate::ids::FlowId;
use crate::status::RunStatus;

/// How long the history of runs reaches back, by their start in the tenant's time. "By default,
/// flow run data is stored for 28 days (2,419,200 seconds)": Microsoft Learn, *Manage cloud flow
/// run history in Dataverse*.
pub(super) const HISTORY: Span = Span::from_days(28);
/// The history is pruned when each sixteenth run of a flow starts: together, old runs touch hardly
/// more pages than one of them.
const RUNS_PER_PRUNING: i64 = 16;
/// Then, this many of the flow's oldest runs are checked and pruned if they are older than the
/// history: more than have started since, so that a long history from an earlier version shrinks,
/// but few, so that no run takes much longer.
const PRUNE_CHECKS_MAX: i64 = 32;

/// A stored run. `record` is the engine's state as JSON.
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
    /// The user who started it; `None` if a trigger did.
    pub(crate) invoker: Option<Invoker>,
}

impl RunRow {
    /// The trace of the run, as a part of work with another one.
    pub(crate) fn continued(&self, work: &Trace) -> Trace {
        Trace { trace_id: self.trace.as_str().into(), ..work.clone() }
    }

    /// Whether the history contains it at `now`: it began within the last 28 days, or has not
    /// ended.
    pub(crate) fn is_shown(&self, now: Instant) -> bool {
        self.next_due.is_some() || self.started >= now - HISTORY
    }
}

pub(super) fn run_of(row: &Row) -> Result<RunRow, StoreError> {
    let status = row.text("status")?;
    let error = row.opt_json("error")?;
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
        invoker: invoker_of(row)?,
    })
}

fn invoker_of(row: &Row) -> Result<Option<Invoker>, StoreError> {
    let Some(user) = row.opt_parse("invoker")? else { return Ok(None) };
    let connections = row.opt_json("invoker_connections")?.unwrap_or_default();
    Ok(Some(Invoker { user, connections, tokens: InvokerTokens::new() }))
}

/// Reads a run with the engine's state.
pub(crate) async fn find(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    name: &str,
) -> Result<Option<(RunRow, String)>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT flow, name, number, version, trigger_name, due_us, started_us, ended_us, status, error, trace, next_due_us, \
             attempt, invoker, invoker_connections, record FROM runs WHERE tenant = $1 AND flow = $2 AND name = $3",
            tenant,
            flow,
            name
        ))
        .await?;
    row.map(|row| Ok((run_of(&row)?, unpacked(&row)?))).transpose()
}

/// Whether the start of a flow's run with this number prunes the history.
pub(crate) const fn prunes(number: i64) -> bool {
    number % RUNS_PER_PRUNING == 0
}

/// Deletes and counts ended runs that are older than the history, among the oldest of a flow. Part
/// of changes that start a run, after the insertion, but does something for every 16th run only;
/// the journal keeps their events.
pub(crate) fn prune(tenant: TenantId, flow: FlowId, now: Instant) -> [Statement; 3] {
    [
        sql!(
            "INSERT INTO pruned_runs (tenant, flow, status, runs) \
             SELECT tenant, flow, status, CAST(COUNT(*) AS BIGINT) FROM runs \
             WHERE (SELECT runs FROM flows WHERE tenant = $1 AND id = $2) % $5 = 0 \
             AND tenant = $1 AND flow = $2 AND started_us < $3 AND next_due_us IS NULL \
             AND name >= (SELECT MIN(name) FROM \
             (SELECT name FROM runs WHERE tenant = $1 AND flow = $2 ORDER BY name DESC LIMIT $4) AS oldest) \
             GROUP BY tenant, flow, status \
             ON CONFLICT (tenant, flow, status) DO UPDATE SET runs = pruned_runs.runs + excluded.runs",
            tenant,
            flow,
            now - HISTORY,
            PRUNE_CHECKS_MAX,
            RUNS_PER_PRUNING
        ),
        sql!(
            "INSERT INTO pruned_days (tenant, flow, day_us, status, runs, first_us, first_name, last_us) \
             SELECT tenant, flow, started_us - started_us % $6, status, CAST(COUNT(*) AS BIGINT), MIN(started_us), MAX(name), \
             MAX(started_us) FROM runs \
             WHERE (SELECT runs FROM flows WHERE tenant = $1 AND id = $2) % $5 = 0 \
             AND tenant = $1 AND flow = $2 AND started_us < $3 AND next_due_us IS NULL \
             AND name >= (SELECT MIN(name) FROM \
             (SELECT name FROM runs WHERE tenant = $1 AND flow = $2 ORDER BY name DESC LIMIT $4) AS oldest) \
             GROUP BY tenant, flow, started_us - started_us % $6, status \
             ON CONFLICT (tenant, flow, day_us, status) DO UPDATE SET runs = pruned_days.runs + excluded.runs, \
             first_us = CASE WHEN excluded.first_us < pruned_days.first_us THEN excluded.first_us ELSE pruned_days.first_us END, \
             first_name = CASE WHEN excluded.first_us < pruned_days.first_us THEN excluded.first_name ELSE pruned_days.first_name END, \
             last_us = CASE WHEN excluded.last_us > pruned_days.last_us THEN excluded.last_us ELSE pruned_days.last_us END",
            tenant,
            flow,
            now - HISTORY,
            PRUNE_CHECKS_MAX,
            RUNS_PER_PRUNING,
            Span::from_days(1).as_micros()
        ),
        sql!(
            "DELETE FROM runs WHERE (SELECT runs FROM flows WHERE tenant = $1 AND id = $2) % $5 = 0 \
             AND tenant = $1 AND flow = $2 AND started_us < $3 AND next_due_us IS NULL \
             AND name >= (SELECT MIN(name) FROM \
             (SELECT name FROM runs WHERE tenant = $1 AND flow = $2 ORDER BY name DESC LIMIT $4) AS oldest)",
            tenant,
            flow,
            now - HISTORY,
            PRUNE_CHECKS_MAX,
            RUNS_PER_PRUNING
        ),
    ]
}

/// The replica that claims a run, and until when other replicas leave it alone (wall time).
#[derive(Clone, Debug)]
pub(crate) struct Claimant<'a> {
    pub(crate) replica: &'a str,
    pub(crate) lease: Instant,
}

/// Inserts a run, numbered by the flow's count. Follows [`super::flows::count_run`] in the same
/// change.
pub(crate) fn insert(tenant: TenantId, run: &RunRow, record: String, claimant: &Claimant<'_>) -> Statement {
    let provided = run.invoker.as_ref().filter(|invoker| !invoker.connections.is_empty());
    sql!(
        "INSERT INTO runs (tenant, flow, name, number, version, trigger_name, due_us, started_us, status, record, trace, \
         next_due_us, attempt, replica, lease_wall_us, invoker, invoker_connections) \
         VALUES ($1, $2, $3, (SELECT runs FROM flows WHERE tenant = $1 AND id = $2), $4, $5, $6, $7, $8, $9, $10, $11, $12, \
         $13, $14, $15, $16)",
        tenant,
        run.flow,
        &run.name,
        run.version,
        &run.trigger_name,
        run.due,
        run.started,
        run.status.name(),
        packed(&record),
        &run.trace,
        run.next_due,
        run.attempt,
        claimant.replica,
        claimant.lease,
        run.invoker.as_ref().map(|invoker| invoker.user),
        provided.map(|invoker| json!(invoker.connections).to_string())
    )
}

/// Claims a waiting or abandoned run; exactly one replica succeeds. Conflicts if another replica
/// has claimed the run since it was listed, until that lease expires.
pub(crate) fn claim(tenant: TenantId, run: &RunRow, claimant: &Claimant<'_>) -> Statement {
    sql!(
        "UPDATE runs SET status = 'Running', attempt = attempt + 1, replica = $5, lease_wall_us = $6 \
         WHERE tenant = $1 AND flow = $2 AND name = $3 AND attempt = $4 AND next_due_us IS NOT NULL \
         AND (replica = '' OR replica = $5 OR lease_wall_us < $7)",
        tenant,
        run.flow,
        &run.name,
        run.attempt,
        claimant.replica,
        claimant.lease,
        wall_now()
    )
    .expect_rows(1)
}

/// The new state of a run after it was executed.
pub(crate) struct RunUpdate<'a> {
    pub(crate) status: RunStatus,
    pub(crate) ended: Option<Instant>,
    pub(crate) next_due: Option<Instant>,
    pub(crate) error: Option<&'a Failure>,
    pub(crate) record: String,
}

/// Stores the progress of a run. Only its last claimant can.
pub(crate) fn progress(tenant: TenantId, run: &RunRow, record: String, claimant: &Claimant<'_>) -> Statement {
    sql!(
        "UPDATE runs SET record = $5, attempt = attempt + 1, lease_wall_us = $6 \
         WHERE tenant = $1 AND flow = $2 AND name = $3 AND attempt = $4 AND status = 'Running'",
        tenant,
        run.flow,
        &run.name,
        run.attempt,
        packed(&record),
        claimant.lease
    )
    .expect_rows(1)
}

/// Whether a run was not claimed, cancelled or deleted since its last progress.
pub(crate) async fn is_claimed(store: &Store, tenant: TenantId, run: &RunRow) -> Result<bool, StoreError> {
    let row = store
        .row(sql!(
            "SELECT attempt FROM runs \
             WHERE tenant = $1 AND flow = $2 AND name = $3 AND attempt = $4 AND status = 'Running'",
            tenant,
            run.flow,
            &run.name,
            run.attempt
        ))
        .await?;
    Ok(row.is_some())
}

/// Releases a run, ended or waiting. Only its last claimant can.
pub(crate) fn release(tenant: TenantId, run: &RunRow, update: RunUpdate<'_>) -> Statement {
    let error = update.error.and_then(|error| serde_json::to_string(error).ok());
    sql!(
        "UPDATE runs SET status = $5, ended_us = $6, next_due_us = $7, error = $8, record = $9, replica = '' \
         WHERE tenant = $1 AND flow = $2 AND name = $3 AND attempt = $4 AND status = 'Running'",
        tenant,
        run.flow,
        &run.name,
        run.attempt,
        update.status.name(),
        update.ended,
        update.next_due,
        error,
        packed(&update.record)
    )
    .expect_rows(1)
}

/// Ends a run that waits or that is being executed, also by another replica: its claimant can store
/// nothing more. Conflicts if progress was stored since it was read.
pub(crate) fn end(tenant: TenantId, run: &RunRow, update: RunUpdate<'_>) -> Statement {
    let error = update.error.and_then(|error| serde_json::to_string(error).ok());
    sql!(
        "UPDATE runs SET status = $5, ended_us = $6, next_due_us = NULL, error = $7, record = $8, replica = '', \
         attempt = attempt + 1 \
         WHERE tenant = $1 AND flow = $2 AND name = $3 AND attempt = $4 AND next_due_us IS NOT NULL",
        tenant,
        run.flow,
        &run.name,
        run.attempt,
        update.status.name(),
        update.ended,
        error,
        packed(&update.record)
    )
    .expect_rows(1)
}

#[cfg(test)]
mod tests {
    use outlive_clock::Span;
    use outlive_store::DatabaseUrl;
    use uuid::Uuid;

    use super::*;

    /// Another replica can claim a run after it was listed and before it is read.
    #[tokio::test]
    async fn a_run_belongs_to_its_claimant_until_the_lease_expires() {
        let dir = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(dir.path().join("flow.db"));
        let store = Store::open(&url, "flow", &[("flow", &crate::MIGRATIONS)]).await.expect("opens");
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
            invoker: None,
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
        let first = Claimant { replica: "first", lease: later };
        store.commit(insert(tenant, &run, "{}".to_owned(), &first)).await.expect("begun");
        let second = Claimant { replica: "second", lease: earlier };
        assert!(store.commit(claim(tenant, &run, &second)).await.expect_err("a conflict").is_conflict());
        store.commit(claim(tenant, &run, &first)).await.expect("its own run, abandoned in a crash");

        run.attempt = 2;
        let waiting = RunUpdate {
            status: RunStatus::Waiting,
            ended: None,
            next_due: Some(later),
            error: None,
            record: "{}".to_owned(),
        };
        store.commit(release(tenant, &run, waiting)).await.expect("released");
        store.commit(claim(tenant, &run, &second)).await.expect("a released run");
        run.attempt = 3;
        store.commit(claim(tenant, &run, &first)).await.expect("an expired lease");
    }
}
