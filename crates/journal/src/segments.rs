//! Segments of the index: what they are in the database.

use outlive_clock::TenantId;
use outlive_store::{Change, Row, Statement, Store, StoreError, Value, sql};

use crate::blocks::{BLOCK_ENTRIES, pack_block, unpack_block};
use crate::entries::Entry;
use crate::of_tenant::count_gaps;

/// The entries of the lines after one up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) number: i64,
    pub(crate) after: i64,
    pub(crate) through: i64,
    /// How many blocks of entries there are.
    pub(crate) blocks: i64,
    /// How many of its lines were deleted and may have entries, at most.
    pub(crate) gaps: i64,
    /// The number of the segment that this one becomes a part of.
    pub(crate) merges_into: Option<i64>,
}

/// How far lines are indexed, and by what.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The number up to which all lines are indexed.
    pub(crate) through: i64,
    /// The last line.
    pub(crate) last: i64,
    /// The number of changes.
    pub(crate) step: i64,
    /// The key of the last entry of two segments that is in the one which they become.
    pub(crate) merged: String,
    /// The segments, in the order of their lines.
    pub(crate) segments: Vec<Segment>,
}

fn corrupt(column: &str, why: &str) -> StoreError {
    StoreError::Corrupt { column: column.to_owned(), why: why.to_owned() }
}

impl State {
    /// Reads the state without the segments.
    ///
    /// # Errors
    /// As [`Store::row`].
    pub(crate) async fn read(store: &Store) -> Result<Self, StoreError> {
        // Numbers without a line, as after a deletion, need no commit.
        let select = sql!(
            "SELECT through, step, merged, (SELECT COALESCE(MAX(seq), 0) FROM journal) AS last, \
             (SELECT MIN(seq) FROM journal WHERE seq > through) AS next FROM journal_indexed"
        );
        let row = store.upkeep().row(select).await?;
        let row = row.ok_or_else(|| corrupt("through", "is missing"))?;
        let (through, next) = (row.int("through")?, row.opt_int("next")?);
        Ok(Self {
            through: next.map_or(through, |next| next - 1),
            last: row.int("last")?,
            step: row.int("step")?,
            merged: row.text("merged")?,
            segments: Vec::new(),
        })
    }

    /// Reads the segments, too. If they have changed since the rest was read, the next change
    /// conflicts.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub(crate) async fn with_segments(self, store: &Store) -> Result<Self, StoreError> {
        let select = sql!(
            "SELECT number, after_seq, through_seq, blocks, gaps, merges_into FROM journal_segments \
             ORDER BY after_seq"
        );
        let segments = store.upkeep().rows(select).await?;
        let segments = segments.iter().map(Segment::of).collect::<Result<_, _>>()?;
        Ok(Self { segments, ..self })
    }

    /// Begins a change of the index, which conflicts if another one was faster.
    pub(crate) fn change(&self, through: i64, merged: String) -> Change {
        let update = sql!(
            "UPDATE journal_indexed SET through = $2, merged = $3, step = step + 1, \
             used = CASE WHEN used < $2 THEN $2 ELSE used END WHERE step = $1",
            self.step,
            through,
            merged
        );
        Change::from(update.expect_rows(1))
    }

    /// The number of a new segment, which no other one has had.
    pub(crate) const fn next_number(&self) -> i64 {
        self.step + 1
    }
}

impl Segment {
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.int("number")?,
            after: row.int("after_seq")?,
            through: row.int("through_seq")?,
            blocks: row.int("blocks")?,
            gaps: row.int("gaps")?,
            merges_into: row.opt_int("merges_into")?,
        })
    }

    /// Adds the row of a segment to a change, after its blocks.
    pub(crate) fn insert(self, change: &mut Change) {
        change.add(sql!(
            "INSERT INTO journal_segments (number, after_seq, through_seq, gaps, blocks) \
             SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), COUNT(*) \
             FROM journal_blocks WHERE segment = $1",
            self.number,
            self.after,
            self.through,
            self.gaps
        ));
    }

    /// Adds the deletion of a segment to a change, with its blocks.
    pub(crate) fn delete(self, change: &mut Change) {
        change.add(sql!("DELETE FROM journal_blocks WHERE segment = $1", self.number));
        change.add(sql!("DELETE FROM journal_segments WHERE number = $1", self.number));
    }

    /// Adds the deletion of a segment to a change, without its blocks ([`delete_some_blocks`]).
    pub(crate) fn delete_alone(self, change: &mut Change) {
        change.add(sql!("INSERT INTO journal_merged_segments (number) VALUES ($1)", self.number));
        change.add(sql!("DELETE FROM journal_segments WHERE number = $1", self.number));
    }

    /// Reads entries of at most `blocks` blocks, those after a key; and whether there are no more.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub(crate) async fn entries_after(
        self,
        store: &Store,
        key: &str,
        blocks: u32,
    ) -> Result<(Vec<Entry>, bool), StoreError> {
        let select = sql!(
            "SELECT entries FROM journal_blocks WHERE segment = $1 AND last > $2 ORDER BY last LIMIT $3",
            self.number,
            key,
            blocks
        );
        let rows = store.upkeep().rows(select).await?;
        let mut entries = Vec::with_capacity(rows.len() * BLOCK_ENTRIES);
        for row in &rows {
            entries.extend(
                block_of(&row.text("entries")?)?.into_iter().skip_while(|entry| entry.key().as_str() <= key),
            );
        }
        Ok((entries, u32::try_from(rows.len()).is_ok_and(|rows| rows < blocks)))
    }
}

/// How many blocks one statement writes.
const BLOCKS_AT_ONCE: usize = 100;

/// Adds blocks of a segment to a change. The entries are in order.
pub(crate) fn insert_blocks(change: &mut Change, segment: i64, entries: &[Entry]) {
    for entries in entries.chunks(BLOCKS_AT_ONCE * BLOCK_ENTRIES) {
        let blocks = entries.chunks(BLOCK_ENTRIES).filter_map(|block| {
            let (first, last) = block.first().zip(block.last())?;
            Some((first.key(), last.key(), pack_block(block)))
        });
        let blocks = serde_json::json!(blocks.collect::<Vec<_>>());
        let insert = Statement::new(
            "INSERT INTO journal_blocks (segment, first, last, entries) SELECT $1, json_extract(value, '$[0]'), \
             json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each($2)",
            vec![segment.into(), blocks.into()],
        );
        change.add(insert.on_postgres(
            "INSERT INTO journal_blocks (segment, first, last, entries) SELECT CAST($1 AS BIGINT), value->>0, \
             value->>1, value->>2 FROM json_array_elements(CAST($2 AS JSON))",
        ));
    }
}

/// Adds the deletion of at most so many blocks of segments that are deleted to a change. Returns
/// whether there may be any.
///
/// # Errors
/// As [`Store::row`].
pub(crate) async fn delete_some_blocks(
    store: &Store,
    change: &mut Change,
    blocks: u32,
) -> Result<bool, StoreError> {
    let select = sql!("SELECT number FROM journal_merged_segments LIMIT 1");
    let Some(row) = store.upkeep().row(select).await? else { return Ok(false) };
    let number = row.int("number")?;
    change.add(sql!(
        "DELETE FROM journal_blocks WHERE segment = $1 AND first <= (SELECT MAX(first) FROM \
         (SELECT first FROM journal_blocks WHERE segment = $1 ORDER BY first LIMIT $2) AS lowest)",
        number,
        blocks
    ));
    change.add(sql!(
        "DELETE FROM journal_merged_segments WHERE number = $1 \
         AND NOT EXISTS (SELECT 1 FROM journal_blocks WHERE segment = $1)",
        number
    ));
    Ok(true)
}

/// The entries of a block.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub(crate) fn block_of(text: &str) -> Result<Vec<Entry>, StoreError> {
    unpack_block(text).ok_or_else(|| corrupt("entries", "is no block of the index"))
}

const EXISTING: &str = "SELECT seq FROM journal WHERE seq IN (SELECT value FROM json_each($1)) ORDER BY seq";
const EXISTING_ON_POSTGRES: &str = "SELECT seq FROM journal WHERE seq = ANY(ARRAY( \
     SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST($1 AS JSON)))) ORDER BY seq";

/// Selects those of some numbers, a JSON array, that lines have.
pub(crate) const fn select_existing(numbers: Vec<Value>) -> Statement {
    Statement::new(EXISTING, numbers).on_postgres(EXISTING_ON_POSTGRES).replanned()
}

/// Removes the entries of lines that no longer exist.
///
/// # Errors
/// As [`Store::rows`].
pub(crate) async fn retain_existing(store: &Store, entries: &mut Vec<Entry>) -> Result<(), StoreError> {
    let mut numbers: Vec<_> = entries.iter().map(|entry| entry.seq).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let numbers = vec![serde_json::json!(numbers).into()];
    let rows = store.upkeep().rows(select_existing(numbers)).await?;
    let existing = rows.iter().map(|row| row.int("seq")).collect::<Result<Vec<_>, _>>()?;
    entries.retain(|entry| existing.binary_search(&entry.seq).is_ok());
    Ok(())
}

/// Returns the change that deletes all lines of a tenant. Their entries are without a line then;
/// when their segment becomes a part of another one, they are left out.
#[must_use]
pub fn delete_lines(tenant: TenantId) -> Change {
    let mut change = Change::from(sql!(
        "UPDATE journal_indexed SET step = step + 1, \
         used = (SELECT CASE WHEN MAX(seq) > used THEN MAX(seq) ELSE used END FROM journal)"
    ));
    change.add(count_gaps(tenant));
    change.add(sql!("DELETE FROM journal WHERE tenant = $1", tenant));
    change
}
