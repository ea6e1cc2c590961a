//! Due items: occurrences of flows, retries of waiting runs, abandoned runs, rules of the
//! lifecycle, and calls that begin or end subscriptions.

use outlive_clock::{Instant, TenantId, wall_now};
use outlive_store::{Row, Statement, Store, StoreError, sql};

use crate::ids::FlowId;
use crate::lifecycle::Rule;
use crate::lifecycle::failing::FAILING_MAX;

/// A due item, ordered by instant, flow, run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) flow: FlowId,
    pub(crate) kind: DueKind,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DueKind {
    Occurrence(Occurrence),
    /// A run, by name, that waits for a retry or was abandoned.
    Run(String),
    /// What a rule of the lifecycle requires. At the same instant, occurrences and runs come first:
    /// they may succeed.
    Rule(Rule),
    /// A call for the subscription of this number.
    Subscription(i64),
}

/// The occurrence of a flow's recurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Occurrence {
    /// The version of the flow.
    pub(crate) version: i64,
    /// The instant from which its recurrence is counted.
    pub(crate) anchor: Instant,
    /// The number of runs that the flow had.
    pub(crate) runs: i64,
}

/// Returns when the next item is due. Ignores runs that another replica is executing. Of the others
/// that are in progress, or were, all are due already: it reads one.
pub(crate) async fn find_next(
    store: &Store,
    tenant: TenantId,
    replica: &str,
) -> Result<Option<Instant>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT (SELECT MIN(next_due_us) FROM flows WHERE tenant = $1) AS flows_us, \
             (SELECT MIN(next_due_us) FROM runs WHERE tenant = $1 AND status = 'Waiting' \
              AND (replica = '' OR replica = $2 OR lease_wall_us < $3)) AS waiting_us, \
             (SELECT next_due_us FROM runs WHERE tenant = $1 AND status = 'Running' \
              AND (replica = '' OR replica = $2 OR lease_wall_us < $3) LIMIT 1) AS running_us, \
             (SELECT MIN(due_us) FROM lifecycle WHERE tenant = $1 AND due_us IS NOT NULL) AS rules_us, \
             (SELECT MIN(due_us) FROM subscriptions WHERE tenant = $1 AND due_us IS NOT NULL \
              AND (replica = '' OR replica = $2 OR lease_wall_us < $3)) AS subscriptions_us",
            tenant,
            replica,
            wall_now()
        ))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut due = Vec::new();
    for column in ["flows_us", "waiting_us", "running_us", "rules_us", "subscriptions_us"] {
        due.extend(row.opt_instant(column)?);
    }
    Ok(due.into_iter().min())
}

/// The runs of a status that are due at or before `$2`.
macro_rules! runs_due {
    ($status:literal) => {
        concat!(
            "SELECT flow, 1 AS kind, name, version, due_us AS anchor_us, next_due_us AS due_us, 0 AS runs FROM runs \
             WHERE tenant = $1 AND status = '",
            $status,
            "' AND next_due_us <= $2 AND (replica = '' OR replica = $3 OR lease_wall_us < $4)"
        )
    };
}

/// All items that are due at or before `$2`; with `$order`, the first of them.
macro_rules! due_items {
    ($order:literal) => {
        concat!(
            "SELECT id AS flow, 0 AS kind, '' AS name, version, anchor_us, next_due_us AS due_us, runs FROM flows \
             WHERE tenant = $1 AND next_due_us <= $2 \
             UNION ALL ",
            runs_due!("Waiting"),
            " UNION ALL ",
            runs_due!("Running"),
            " UNION ALL \
             SELECT flow, 2 AS kind, rule AS name, 0 AS version, since_us AS anchor_us, due_us, 0 AS runs FROM lifecycle \
             WHERE tenant = $1 AND due_us IS NOT NULL AND due_us <= $2 \
             UNION ALL \
             SELECT flow, 3 AS kind, '' AS name, number AS version, due_us AS anchor_us, due_us, 0 AS runs FROM subscriptions \
             WHERE tenant = $1 AND due_us IS NOT NULL AND due_us <= $2 \
             AND (replica = '' OR replica = $3 OR lease_wall_us < $4) ",
            $order,
            "LIMIT $5"
        )
    };
}

/// Reads up to `limit` items that are due at or before `now`, in order.
pub(crate) async fn list(
    store: &Store,
    tenant: TenantId,
    now: Instant,
    replica: &str,
    limit: u32,
) -> Result<Vec<Due>, StoreError> {
    let lease = wall_now();
    let values = || vec![tenant.into(), now.into(), replica.into(), lease.into(), limit.into()];
    // Nearly always, these are all. SQLite sorts a union in temporary tables, each with a page
    // cache of its own, which costs more than the read.
    let mut rows = store.few_rows(Statement::new(due_items!(""), values())).await?;
    if rows.len() >= limit as usize {
        rows = store.few_rows(Statement::new(due_items!("ORDER BY 6, 1, 2, 3, 4 "), values())).await?;
    }
    let mut listed = rows.iter().map(due_of).collect::<Result<Vec<_>, _>>()?;
    listed.sort_unstable();
    Ok(listed)
}

fn due_of(row: &Row) -> Result<Due, StoreError> {
    let kind = match row.int("kind")? {
        0 => DueKind::Occurrence(Occurrence {
            version: row.int("version")?,
            anchor: row.instant("anchor_us")?,
            runs: row.int("runs")?,
        }),
        1 => DueKind::Run(row.text("name")?),
        2 => DueKind::Rule(row.parse("name")?),
        _ => DueKind::Subscription(row.int("version")?),
    };
    Ok(Due { at: row.instant("due_us")?, flow: row.parse("flow")?, kind })
}

/// A flow whose recurrence is due in some time.
pub(crate) struct Upcoming {
    pub(crate) id: FlowId,
    pub(crate) version: i64,
    pub(crate) anchor: Instant,
    pub(crate) next_due: Instant,
}

/// Reads up to `limit` flows whose recurrence is due at or before an instant.
pub(crate) async fn list_upcoming(
    store: &Store,
    tenant: TenantId,
    until: Instant,
    limit: u32,
) -> Result<Vec<Upcoming>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT id, version, anchor_us, next_due_us FROM flows \
             WHERE tenant = $1 AND next_due_us <= $2 ORDER BY next_due_us LIMIT $3",
            tenant,
            until,
            limit
        ))
        .await?;
    let upcoming = rows.iter().map(|row| {
        Ok(Upcoming {
            id: row.parse("id")?,
            version: row.int("version")?,
            anchor: row.instant("anchor_us")?,
            next_due: row.instant("next_due_us")?,
        })
    });
    upcoming.collect()
}

/// Whether a rule of the lifecycle is due at or before an instant, or would be after one more
/// failure of a flow.
pub(crate) async fn has_rule(store: &Store, tenant: TenantId, until: Instant) -> Result<bool, StoreError> {
    let row = store.row(sql!(
        "SELECT 1 AS found FROM lifecycle WHERE tenant = $1 AND COALESCE(due_us, since_us + $3) <= $2 LIMIT 1",
        tenant,
        until,
        FAILING_MAX.as_micros()
    ));
    Ok(row.await?.is_some())
}
