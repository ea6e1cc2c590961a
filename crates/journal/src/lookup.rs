//! Lines that the index has by a value.

use std::borrow::Cow;

use outlive_clock::{Instant, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, Value};

use crate::entries::{Criterion, Entry, names_of};
use crate::segments::block_of;

/// Which lines are selected: those after a number, the oldest first, or those before one, the
/// newest first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Range {
    After(i64),
    Before(i64),
}

/// What lines must have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// The kind, or a prefix of kinds that ends in a dot.
    pub(crate) kind: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) trace: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    /// Only notable lines.
    pub(crate) notable: bool,
    /// Only lines before this instant (virtual time).
    pub(crate) before: Option<Instant>,
}

impl<'a> Wanted<'a> {
    /// What to look for in the index: what the fewest lines have. `None` if the index has nothing
    /// of it.
    pub(crate) fn criterion(self) -> Option<(Criterion, &'a str)> {
        let of_kind = if self.notable { Criterion::NotableKind } else { Criterion::Kind };
        let name = self.name.map(|name| (Criterion::Name, name));
        let trace = self.trace.map(|trace| (Criterion::Trace, trace));
        let subject = self.subject.map(|subject| (Criterion::Subject, subject));
        name.or(trace).or(subject).or(self.kind.map(|kind| (of_kind, kind)))
    }
}

/// Selects lines by their numbers, and not by an index of tenants: for each database, how numbers
/// are selected, and a tenant that no index has.
macro_rules! lines_by_number {
    ($number:literal, $tenant:literal) => {
        concat!(
            "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data, names FROM journal \
             WHERE ",
            $number,
            " AND ",
            $tenant,
            " = $2 AND (CAST($3 AS TEXT) IS NULL OR kind = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR substr(kind, 1, length($4)) = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR subject = $5) AND (CAST($6 AS TEXT) IS NULL OR trace = $6) \
             AND (CAST($7 AS BIGINT) = 0 OR notable = 1) AND (CAST($8 AS BIGINT) IS NULL OR at_us < $8) \
             ORDER BY seq"
        )
    };
}

const LINES: &str = lines_by_number!("seq IN (SELECT value FROM json_each($1))", "CAST(tenant AS TEXT)");
/// An array, since PostgreSQL joins with a subquery, and in any way.
const LINES_ON_POSTGRES: &str = lines_by_number!(
    "seq = ANY(ARRAY(SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST($1 AS JSON))))",
    "(tenant || '')"
);

/// Selects, of each segment with lines after a number, the block with the first entry after it.
pub(crate) const AFTER: &str = "SELECT (SELECT entries FROM journal_blocks b WHERE b.segment = s.number AND b.last >= $1 \
                     ORDER BY b.last LIMIT 1) AS entries \
                     FROM journal_segments s WHERE s.through_seq > $2 ORDER BY s.after_seq";
/// Selects, of each segment with lines before a number, the block with the last entry before it.
pub(crate) const BEFORE: &str = "SELECT (SELECT entries FROM journal_blocks b WHERE b.segment = s.number AND b.first <= $1 \
                      ORDER BY b.first DESC LIMIT 1) AS entries \
                      FROM journal_segments s WHERE s.after_seq < $2 ORDER BY s.after_seq DESC";

/// Reads the lines of a tenant that have what is wanted. The index has them, and perhaps others, by
/// a hash.
///
/// # Errors
/// As [`Store::rows`].
pub(crate) async fn rows_by_hash(
    store: &Store,
    tenant: TenantId,
    hash: u64,
    wanted: Wanted<'_>,
    mut range: Range,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    // Those that are wanted may be rare among them.
    let mut at_once = limit.min(LINES_AT_ONCE);
    while found.len() < limit {
        let (numbers, next) = next_numbers(store, hash, range).await?;
        let mut numbers = numbers.as_slice();
        while !numbers.is_empty() && found.len() < limit {
            let (some, rest) = numbers.split_at(at_once.min(numbers.len()));
            (numbers, at_once) = (rest, (2 * at_once).min(LINES_AT_ONCE));
            add_lines(&mut found, store, tenant, some, wanted, range).await?;
        }
        let Some(next) = next else { break };
        range = next;
    }
    found.truncate(limit);
    Ok(found)
}

/// How many lines are read at once, at most.
const LINES_AT_ONCE: usize = 1_000;

/// The numbers of the next lines with a hash, in order, and the range of those after them.
async fn next_numbers(
    store: &Store,
    hash: u64,
    range: Range,
) -> Result<(Vec<i64>, Option<Range>), StoreError> {
    let (statement, nearest, from) = match range {
        Range::After(after) => (AFTER, after.saturating_add(1), after),
        Range::Before(before) => (BEFORE, before.saturating_sub(1), before.saturating_sub(1)),
    };
    let key = Entry { hash, seq: nearest.max(0) }.key();
    let mut numbers = Vec::new();
    for row in store.rows(Statement::new(statement, vec![key.into(), from.into()])).await? {
        let Some(block) = row.opt_text("entries")?.map(|block| block_of(&block)).transpose()? else {
            continue;
        };
        let selected = block.iter().filter(|entry| entry.hash == hash).map(|entry| entry.seq);
        // The block beside it may have more of them.
        let (is_cut, next): (bool, fn(i64) -> Range) = match range {
            Range::After(after) => {
                numbers.extend(selected.filter(|seq| *seq > after));
                (block.last().is_some_and(|last| last.hash == hash), Range::After)
            }
            Range::Before(before) => {
                numbers.extend(selected.rev().filter(|seq| *seq < before));
                (block.first().is_some_and(|first| first.hash == hash), Range::Before)
            }
        };
        let last = numbers.last().copied();
        if is_cut && let Some(last) = last {
            return Ok((numbers, Some(next(last))));
        }
    }
    Ok((numbers, None))
}

/// Selects lines, by the values of [`LINES`].
pub(crate) const fn select_lines(values: Vec<Value>) -> Statement {
    Statement::new(LINES, values).on_postgres(LINES_ON_POSTGRES).replanned()
}

/// Adds the lines with these numbers that have what is wanted.
async fn add_lines(
    found: &mut Vec<Row>,
    store: &Store,
    tenant: TenantId,
    numbers: &[i64],
    wanted: Wanted<'_>,
    range: Range,
) -> Result<(), StoreError> {
    let values = vec![
        serde_json::json!(numbers).into(),
        tenant.into(),
        wanted.kind.filter(|kind| !kind.ends_with('.')).into(),
        wanted.kind.filter(|kind| kind.ends_with('.')).into(),
        wanted.subject.into(),
        wanted.trace.into(),
        i64::from(wanted.notable).into(),
        wanted.before.into(),
    ];
    let mut rows = store.rows(select_lines(values)).await?;
    if matches!(range, Range::Before(_)) {
        rows.reverse();
    }
    let name = wanted.name.map(Value::storable).map(Cow::into_owned);
    for row in rows {
        let is_about = match &name {
            Some(name) => names_of(&row)?.contains(name),
            None => true,
        };
        if is_about {
            found.push(row);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use outlive_store::DatabaseUrl;

    use super::*;

    /// Without the index, the plan scans a table.
    #[tokio::test]
    async fn every_statement_looks_its_block_up_in_the_index() {
        let directory = tempfile::tempdir().expect("a directory");
        let url = DatabaseUrl::Sqlite(directory.path().join("case.db"));
        let store = Store::open(&url, "case", &[("journal", &crate::MIGRATIONS)]).await.expect("opens");
        let cases = [
            (AFTER, "SEARCH b USING INDEX journal_blocks_by_last (segment=? AND last>?)"),
            (BEFORE, "SEARCH b USING INDEX journal_blocks_by_first (segment=? AND first<?)"),
            (LINES, "SEARCH journal USING INTEGER PRIMARY KEY (rowid=?)"),
        ];
        for (select, search) in cases {
            let mut values: Vec<Value> = vec!["[1]".into(), 1_i64.into()];
            if select == LINES {
                values.extend([None::<&str>.into(), None::<&str>.into(), None::<&str>.into()]);
                values.extend([None::<&str>.into(), 0_i64.into(), None::<i64>.into()]);
            }
            let plan = store.plan(Statement::new(select, values)).await.expect("a plan");
            assert!(plan.contains(search) && !plan.contains("SCAN b"), "{plan}");
        }
        store.close().await;
    }
}
