//! The runs of a flow between two instants: each, or counted by equal spans of time. Of runs that
//! the history no longer contains, the number on each day is known. Where a range contains a part
//! of such a day, they count as if they had been evenly spaced. Runs are found by their names,
//! which are in the order of time.

use std::collections::BTreeMap;

use outlive_clock::{Instant, Span, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_wire::KnownRun;
use outlive_wire::timeline::{RunBin, RunsOfKind};

use crate::engine::Failure;
use crate::ids::{FlowId, run_names};

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
    let (lowest, highest) = run_names(range.from, range.until);
    let rows = store
        .rows(sql!(
            "SELECT name, started_us, status, error FROM runs \
             WHERE tenant = $1 AND flow = $2 AND name >= $6 AND name <= $7 AND started_us >= $3 AND started_us < $4 \
             ORDER BY started_us, number LIMIT $5",
            tenant,
            flow,
            range.from,
            range.until,
            limit,
            lowest,
            highest
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

/// The runs of a flow in a range, counted.
pub(crate) struct Counted {
    pub(crate) bins: Vec<RunBin>,
    /// Whether a part of a day was estimated.
    pub(crate) is_estimate: bool,
}

/// Counts the runs of a flow in a range, by spans of the width; those that were pruned by days, or
/// by longer spans.
pub(crate) async fn count(
    store: &Store,
    of: (TenantId, FlowId),
    range: Range,
    width: Span,
) -> Result<Counted, StoreError> {
    let mut bins = BTreeMap::new();
    let by_days = width.max(DAY);
    for row in store.rows(pruned(of, range, by_days)).await? {
        add(&mut bins, counted(&row)?, by_days);
    }
    let mut is_estimate = false;
    for row in store.rows(pruned_in_part(of, range, by_days)).await? {
        is_estimate = true;
        let mut counted = counted(&row)?;
        let runs = &mut counted.runs;
        let Some(within) = evenly_spaced(counted.count, (runs.first, runs.last), range) else { continue };
        if within.first > runs.first {
            // The name is that of an earlier run.
            runs.first_name.clear();
        }
        (counted.count, runs.first, runs.last) = (within.count, within.first, within.last);
        add(&mut bins, counted, by_days);
    }
    for row in store.rows(stored(of, range, width)).await? {
        add(&mut bins, counted(&row)?, width);
    }
    Ok(Counted { bins: bins.into_values().collect(), is_estimate })
}

fn stored((tenant, flow): (TenantId, FlowId), range: Range, width: Span) -> Statement {
    // Names decrease with time, so the greatest is that of the first run.
    let (lowest, highest) = run_names(range.from, range.until);
    sql!(
        "SELECT status, (started_us - $5) / $6 AS bin, CAST(COUNT(*) AS BIGINT) AS runs, MIN(started_us) AS first_us, \
         MAX(name) AS first_name, MAX(started_us) AS last_us FROM runs \
         WHERE tenant = $1 AND flow = $2 AND name >= $7 AND name <= $8 AND started_us >= $3 AND started_us < $4 \
         GROUP BY status, bin",
        tenant,
        flow,
        range.from,
        range.until,
        FIRST_MONDAY.as_micros(),
        width.as_micros(),
        lowest,
        highest
    )
}

fn pruned((tenant, flow): (TenantId, FlowId), range: Range, width: Span) -> Statement {
    sql!(
        "SELECT status, (day_us - $5) / $6 AS bin, CAST(SUM(runs) AS BIGINT) AS runs, MIN(first_us) AS first_us, \
         MAX(first_name) AS first_name, MAX(last_us) AS last_us FROM pruned_days \
         WHERE tenant = $1 AND flow = $2 AND day_us > $3 - $7 AND day_us < $4 AND first_us >= $3 AND last_us < $4 GROUP BY status, bin",
        tenant,
        flow,
        range.from,
        range.until,
        FIRST_MONDAY.as_micros(),
        width.as_micros(),
        DAY.as_micros()
    )
}

/// The days at the ends of a range that are partly in it.
fn pruned_in_part((tenant, flow): (TenantId, FlowId), range: Range, width: Span) -> Statement {
    sql!(
        "SELECT status, (day_us - $5) / $6 AS bin, runs, first_us, first_name, last_us FROM pruned_days \
         WHERE tenant = $1 AND flow = $2 AND day_us > $3 - $7 AND day_us <= $4 AND ((first_us < $3 AND last_us >= $3) OR (first_us < $4 AND last_us >= $4))",
        tenant,
        flow,
        range.from,
        range.until,
        FIRST_MONDAY.as_micros(),
        width.as_micros(),
        DAY.as_micros()
    )
}

/// Several runs with one status, in one span.
struct CountedRuns {
    status: String,
    /// The number of the span.
    bin: i64,
    count: u64,
    runs: RunsOfKind,
}

fn counted(row: &Row) -> Result<CountedRuns, StoreError> {
    Ok(CountedRuns {
        status: row.text("status")?,
        bin: row.int("bin")?,
        count: u64::try_from(row.int("runs")?).unwrap_or_default(),
        runs: RunsOfKind {
            first: row.instant("first_us")?,
            first_name: row.text("first_name")?,
            last: row.instant("last_us")?,
        },
    })
}

/// How many runs are within a range, the first and the last of them.
#[derive(Debug, PartialEq, Eq)]
struct Within {
    count: u64,
    first: Instant,
    last: Instant,
}

/// The part of `count` evenly spaced runs that is within a range.
fn evenly_spaced(count: u64, (first, last): (Instant, Instant), range: Range) -> Option<Within> {
    let highest = i64::try_from(count).ok()?.checked_sub(1)?;
    let step = (last - first).as_micros().checked_div(highest).unwrap_or_default().max(1);
    // The number of runs before an instant.
    let before = |at: Instant| {
        (at - first).as_micros().div_euclid(step) + i64::from((at - first).as_micros().rem_euclid(step) > 0)
    };
    let (from, until) = (before(range.from).max(0), before(range.until).min(highest + 1));
    let at = |number: i64| if number == highest { last } else { first + Span::from_micros(step * number) };
    (from < until).then(|| Within {
        count: u64::try_from(until - from).unwrap_or_default(),
        first: at(from),
        last: at(until - 1),
    })
}

/// Adds a count to that of its span.
fn add(bins: &mut BTreeMap<Instant, RunBin>, counted: CountedRuns, width: Span) {
    let CountedRuns { status, bin, count, runs } = counted;
    let from =
        Instant::from_micros(bin.saturating_mul(width.as_micros()).saturating_add(FIRST_MONDAY.as_micros()));
    let bin = bins.entry(from).or_insert_with(|| RunBin {
        from,
        until: from + width,
        succeeded: 0,
        failed: 0,
        other: 0,
        successes: None,
        failures: None,
    });
    match status.as_str() {
        "Succeeded" => {
            bin.succeeded += count;
            bin.successes = Some(joined(bin.successes.take(), runs));
        }
        "Failed" | "TimedOut" => {
            bin.failed += count;
            bin.failures = Some(joined(bin.failures.take(), runs));
        }
        _ => bin.other += count,
    }
}

fn joined(known: Option<RunsOfKind>, found: RunsOfKind) -> RunsOfKind {
    let Some(known) = known else { return found };
    let last = known.last.max(found.last);
    let first = if found.first < known.first { found } else { known };
    RunsOfKind { last, ..first }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(count: i64) -> Instant {
        Instant::from_seconds(1_767_571_200) + Span::from_hours(count)
    }

    #[test]
    fn of_a_day_that_is_partly_in_a_range_only_that_part_counts() {
        // The number of runs from 0:00 until 23:00, or of one at 5:00.
        for ((count, first, last), (from, until), expected) in [
            ((24, 0, 23), (0, 24), Some((24, 0, 23))),
            ((24, 0, 23), (-5, 30), Some((24, 0, 23))),
            ((24, 0, 23), (6, 24), Some((18, 6, 23))),
            ((24, 0, 23), (-12, 12), Some((12, 0, 11))),
            ((24, 0, 23), (3, 4), Some((1, 3, 3))),
            ((24, 0, 23), (24, 48), None),
            ((24, 0, 23), (-24, 0), None),
            ((1, 5, 5), (0, 5), None),
            ((1, 5, 5), (5, 6), Some((1, 5, 5))),
            ((3, 5, 5), (5, 6), Some((3, 5, 5))),
            ((2, 0, 20), (1, 24), Some((1, 20, 20))),
            ((0, 0, 0), (0, 24), None),
        ] {
            let range = Range { from: hours(from), until: hours(until) };
            let within = evenly_spaced(count, (hours(first), hours(last)), range);
            let expected =
                expected.map(|(count, first, last)| Within { count, first: hours(first), last: hours(last) });
            assert_eq!(within, expected, "{count} in {from}..{until}");
        }
    }
}
