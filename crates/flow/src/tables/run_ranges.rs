//! The runs of a flow between two instants: each, or counted by equal spans of time. Runs that the
//! history no longer contains are counted by day.

use std::collections::BTreeMap;

use outlive_clock::{Instant, Span, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_wire::KnownRun;
use outlive_wire::timeline::{RunBin, RunsOfKind};

use crate::engine::Failure;
use crate::ids::FlowId;

const DAY: Span = Span::from_days(1);
/// The beginning of a span: the first Monday, so that weeks begin with one.
const FIRST_MONDAY: Span = Span::from_days(4);

/// From when until when, exclusively.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

/// Reads the stored runs of a flow in a range, in order; at most `limit`.
pub(crate) async fn each(
    store: &Store,
    (tenant, flow): (TenantId, FlowId),
    range: Range,
    limit: u32,
) -> Result<Vec<KnownRun>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT name, started_us, status, error FROM runs \
             WHERE tenant = $1 AND flow = $2 AND started_us >= $3 AND started_us < $4 \
             ORDER BY started_us, number LIMIT $5",
            tenant,
            flow,
            range.from,
            range.until,
            limit
        ))
        .await?;
    let run = |row: &Row| {
        let error: Option<Failure> = row.opt_json("error")?;
        Ok(KnownRun {
            name: row.text("name")?,
            started: row.instant("started_us")?,
            status: row.text("status")?,
            code: error.map(|failure| failure.code),
        })
    };
    rows.iter().map(run).collect()
}

/// Counts the runs of a flow in a range, by spans of the width; those that were pruned by days, or
/// by longer spans.
pub(crate) async fn count(
    store: &Store,
    of: (TenantId, FlowId),
    range: Range,
    width: Span,
) -> Result<Vec<RunBin>, StoreError> {
    let mut bins = BTreeMap::new();
    let pruned = store.rows(pruned(of, range, width.max(DAY))).await?;
    add(&mut bins, &pruned, width.max(DAY))?;
    let stored = store.rows(stored(of, range, width)).await?;
    add(&mut bins, &stored, width)?;
    Ok(bins.into_values().collect())
}

fn stored((tenant, flow): (TenantId, FlowId), range: Range, width: Span) -> Statement {
    // Names decrease with time, so the greatest is that of the first run.
    sql!(
        "SELECT status, (started_us - $5) / $6 AS bin, CAST(COUNT(*) AS BIGINT) AS runs, MIN(started_us) AS first_us, \
         MAX(name) AS first_name, MAX(started_us) AS last_us FROM runs \
         WHERE tenant = $1 AND flow = $2 AND started_us >= $3 AND started_us < $4 GROUP BY status, bin",
        tenant,
        flow,
        range.from,
        range.until,
        FIRST_MONDAY.as_micros(),
        width.as_micros()
    )
}

fn pruned((tenant, flow): (TenantId, FlowId), range: Range, width: Span) -> Statement {
    sql!(
        "SELECT status, (day_us - $5) / $6 AS bin, CAST(SUM(runs) AS BIGINT) AS runs, MIN(first_us) AS first_us, \
         MAX(first_name) AS first_name, MAX(last_us) AS last_us FROM pruned_days \
         WHERE tenant = $1 AND flow = $2 AND last_us >= $3 AND first_us < $4 GROUP BY status, bin",
        tenant,
        flow,
        range.from,
        range.until,
        FIRST_MONDAY.as_micros(),
        width.as_micros()
    )
}

/// Adds counts by status to those of their spans.
fn add(bins: &mut BTreeMap<Instant, RunBin>, rows: &[Row], width: Span) -> Result<(), StoreError> {
    for row in rows {
        let from = row.int("bin")?.saturating_mul(width.as_micros());
        let from = Instant::from_micros(from.saturating_add(FIRST_MONDAY.as_micros()));
        let bin = bins.entry(from).or_insert_with(|| RunBin {
            from,
            until: from + width,
            succeeded: 0,
            failed: 0,
            other: 0,
            successes: None,
            failures: None,
        });
        let runs = u64::try_from(row.int("runs")?).unwrap_or_default();
        let found = RunsOfKind {
            first: row.instant("first_us")?,
            first_name: row.text("first_name")?,
            last: row.instant("last_us")?,
        };
        match row.text("status")?.as_str() {
            "Succeeded" => {
                bin.succeeded += runs;
                bin.successes = Some(joined(bin.successes.take(), found));
            }
            "Failed" | "TimedOut" => {
                bin.failed += runs;
                bin.failures = Some(joined(bin.failures.take(), found));
            }
            _ => bin.other += runs,
        }
    }
    Ok(())
}

fn joined(known: Option<RunsOfKind>, found: RunsOfKind) -> RunsOfKind {
    let Some(known) = known else { return found };
    let last = known.last.max(found.last);
    let first = if found.first < known.first { found } else { known };
    RunsOfKind { last, ..first }
}
