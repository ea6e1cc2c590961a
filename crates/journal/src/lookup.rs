//! Lines with a value: those that the index has, and those that are not in it yet.

use std::borrow::Cow;

use outlive_clock::{Instant, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, Value};

use crate::entries::{Criterion, Entry, hash_of, names_of};
use crate::lookup_sql::{AFTER, BEFORE, beginning_after, beginning_before, select_lines};
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

/// A query for lines of a tenant.
pub(crate) struct Lookup<'a> {
    store: &'a Store,
    tenant: TenantId,
    wanted: Wanted<'a>,
    /// The hash under which the index has the lines, and perhaps others.
    hash: u64,
    range: Range,
}

/// What the first statement of a lookup has found.
pub(crate) struct Beginning {
    indexed: Found,
    /// The lines that have what is wanted and are not in the index, in the order of their numbers.
    recent: Vec<Row>,
    /// The number up to which lines are indexed.
    through: i64,
    /// The last number.
    last: i64,
}

/// Numbers of lines with a hash, in order, and the range of those after them.
struct Found {
    numbers: Vec<i64>,
    next: Option<Range>,
}

impl Beginning {
    /// How many lines are not in the index, at most.
    pub(crate) const fn unindexed(&self) -> i64 {
        self.last.saturating_sub(self.through)
    }
}

/// How many lines are read at once, at most.
const LINES_AT_ONCE: usize = 1_000;

impl<'a> Lookup<'a> {
    /// Returns `None` if the index has nothing of what is wanted.
    pub(crate) fn new(store: &'a Store, tenant: TenantId, wanted: Wanted<'a>, range: Range) -> Option<Self> {
        let (criterion, value) = wanted.criterion()?;
        let hash = hash_of(&tenant.to_string(), criterion, &Value::storable(value));
        Some(Self { store, tenant, wanted, hash, range })
    }

    /// Begins to read. Of the lines that are not in the index, only the first `unindexed` are read.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub(crate) async fn begin(&self, unindexed: i64) -> Result<Beginning, StoreError> {
        let (key, from) = self.place(self.range);
        let mut values = self.values(key);
        values.extend([from.into(), unindexed.into()]);
        let statement = match self.range {
            Range::After(_) => beginning_after(values),
            Range::Before(_) => beginning_before(values),
        };
        let (mut blocks, mut recent, mut through, mut last) = (Vec::new(), Vec::new(), 0, 0);
        for row in self.store.few_rows(statement).await? {
            if let Some(seq) = row.opt_int("seq")? {
                recent.push((seq, row));
                continue;
            }
            (through, last) = (row.int("through")?, row.int("last")?);
            if let Some(after) = row.opt_int("after_seq")? {
                blocks.push((after, row));
            }
        }
        blocks.sort_by_key(|(after, _)| *after);
        recent.sort_by_key(|(seq, _)| *seq);
        let mut blocks: Vec<_> = blocks.into_iter().map(|(_, row)| row).collect();
        recent.retain(|(seq, _)| match self.range {
            Range::After(after) => *seq > after,
            Range::Before(before) => *seq < before,
        });
        let mut recent: Vec<_> = recent.into_iter().map(|(_, row)| row).collect();
        if matches!(self.range, Range::Before(_)) {
            blocks.reverse();
            recent.reverse();
        }
        Ok(Beginning { indexed: self.numbers_in(&blocks, self.range)?, recent, through, last })
    }

    /// Reads the first `limit` lines.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub(crate) async fn rows(&self, beginning: Beginning, limit: u32) -> Result<Vec<Row>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let Beginning { mut indexed, recent, through, .. } = beginning;
        let is_ascending = matches!(self.range, Range::After(_));
        let (mut recent, mut found) = (Some(recent), Vec::new());
        if !is_ascending {
            self.add_lines(&mut found, recent.take().unwrap_or_default())?;
        }
        // Those that are wanted may be rare among them.
        let mut at_once = limit.min(LINES_AT_ONCE);
        while found.len() < limit {
            // Lines that are indexed meanwhile are among the recent ones.
            indexed.numbers.retain(|number| *number <= through);
            let mut numbers = indexed.numbers.as_slice();
            while !numbers.is_empty() && found.len() < limit {
                let (some, rest) = numbers.split_at(at_once.min(numbers.len()));
                (numbers, at_once) = (rest, (2 * at_once).min(LINES_AT_ONCE));
                self.add_lines(&mut found, self.lines(some).await?)?;
            }
            let Some(next) = indexed.next else { break };
            indexed = self.next_numbers(next).await?;
        }
        self.add_lines(&mut found, recent.unwrap_or_default())?;
        found.truncate(limit);
        Ok(found)
    }

    /// The key of the nearest entry in a range, and the number from which segments may have it.
    fn place(&self, range: Range) -> (String, i64) {
        let (nearest, from) = match range {
            Range::After(after) => (after.saturating_add(1), after),
            Range::Before(before) => (before.saturating_sub(1), before.saturating_sub(1)),
        };
        (Entry { hash: self.hash, seq: nearest.max(0) }.key(), from)
    }

    async fn next_numbers(&self, range: Range) -> Result<Found, StoreError> {
        let (key, from) = self.place(range);
        let statement = match range {
            Range::After(_) => AFTER,
            Range::Before(_) => BEFORE,
        };
        let blocks = self.store.rows(Statement::new(statement, vec![key.into(), from.into()])).await?;
        self.numbers_in(&blocks, range)
    }

    /// The numbers that blocks of segments have, which are in the order of the range.
    fn numbers_in(&self, blocks: &[Row], range: Range) -> Result<Found, StoreError> {
        let mut numbers = Vec::new();
        for row in blocks {
            let Some(block) = row.opt_text("entries")?.map(|block| block_of(&block)).transpose()? else {
                continue;
            };
            let selected = block.iter().filter(|entry| entry.hash == self.hash).map(|entry| entry.seq);
            // The block beside it may have more of them.
            let (is_cut, next): (bool, fn(i64) -> Range) = match range {
                Range::After(after) => {
                    numbers.extend(selected.filter(|seq| *seq > after));
                    (block.last().is_some_and(|last| last.hash == self.hash), Range::After)
                }
                Range::Before(before) => {
                    numbers.extend(selected.rev().filter(|seq| *seq < before));
                    (block.first().is_some_and(|first| first.hash == self.hash), Range::Before)
                }
            };
            let last = numbers.last().copied();
            if is_cut && let Some(last) = last {
                return Ok(Found { numbers, next: Some(next(last)) });
            }
        }
        Ok(Found { numbers, next: None })
    }

    /// The values by which statements select what is wanted, after a first one.
    fn values(&self, first: String) -> Vec<Value> {
        let Wanted { kind, subject, trace, notable, before, .. } = self.wanted;
        vec![
            first.into(),
            self.tenant.into(),
            kind.filter(|kind| !kind.ends_with('.')).into(),
            kind.filter(|kind| kind.ends_with('.')).into(),
            subject.into(),
            trace.into(),
            i64::from(notable).into(),
            before.into(),
        ]
    }

    /// The lines with these numbers that have what is wanted, perhaps without the name.
    async fn lines(&self, numbers: &[i64]) -> Result<Vec<Row>, StoreError> {
        let values = self.values(serde_json::json!(numbers).to_string());
        let mut rows = self.store.rows(select_lines(values)).await?;
        if matches!(self.range, Range::Before(_)) {
            rows.reverse();
        }
        Ok(rows)
    }

    /// Adds those of some lines that have the name.
    fn add_lines(&self, found: &mut Vec<Row>, lines: Vec<Row>) -> Result<(), StoreError> {
        let name = self.wanted.name.map(Value::storable).map(Cow::into_owned);
        for line in lines {
            let is_about = match &name {
                Some(name) => names_of(&line)?.contains(name),
                None => true,
            };
            if is_about {
                found.push(line);
            }
        }
        Ok(())
    }
}
