//! Writing and reading the journal.

use outlive_clock::{TenantId, wall_now};
use outlive_store::{Change, Row, Statement, Store, StoreError, Value as Parameter, sql};
use outlive_wire::JournalLine;
use serde_json::Value;
use tokio::sync::watch;

use crate::dictionaries::{pack, unpack};
use crate::event::stored_names;
use crate::index::Index;
use crate::lookup::{Lookup, Range, Wanted};
use crate::of_tenant::{newest_before, newest_notable_before, oldest_after};
use crate::{Event, Filter, LINES_MAX, Newest, NewestAbout, NewestOfKinds};

/// How many lines a query reads that are not in the index: about as long as to index them.
const UNINDEXED_MAX: i64 = 128;

/// All of them: those of the time since the index was brought up to date.
const ALL_UNINDEXED: i64 = i64::MAX / 2;

/// A service's journal.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Store,
    index: Index,
    service: &'static str,
}

impl Journal {
    /// The journal of `service`, in its database. Indexes lines in the background, so it needs a
    /// runtime.
    #[must_use]
    pub fn new(store: Store, service: &'static str) -> Self {
        Self { index: Index::new(store.clone()), store, service }
    }

    /// Returns the change that records an event, to be appended to the change of state that it is
    /// about.
    #[must_use]
    pub fn entry(&self, event: &Event) -> Change {
        self.index.count_line();
        Change::from(self.line(event))
    }

    #[expect(
        clippy::expect_used,
        reason = "an error of a payload's type, which the test of its example meets"
    )]
    fn line(&self, event: &Event) -> Statement {
        let payload = event.payload.payload().expect("every payload is an object of plain values");
        insert_line(vec![
            event.tenant.into(),
            event.at.into(),
            wall_now().into(),
            event.payload.kind().into(),
            event.subject.to_string().into(),
            event.trace.as_str().into(),
            pack(&payload).into(),
            event.payload.is_notable().then_some(1_i64).into(),
            stored_names(event.names.iter()).into(),
        ])
    }

    /// Records an event without any other change.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn append(&self, event: &Event) -> Result<(), StoreError> {
        self.store.commit(self.entry(event)).await
    }

    /// Reads lines, oldest first.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub async fn read(&self, filter: &Filter) -> Result<Vec<JournalLine>, StoreError> {
        let limit = filter.limit.min(LINES_MAX);
        let wanted = Wanted {
            kind: filter.kind.as_deref(),
            subject: filter.subject.as_deref(),
            trace: filter.trace.as_deref(),
            name: filter.about.as_deref(),
            ..Wanted::default()
        };
        if let Some(rows) = self.by_index(filter.tenant, wanted, Range::After(filter.after), limit).await? {
            return self.lines_of(&rows);
        }
        let statement = oldest_after(filter.tenant, filter.after, limit);
        self.lines_of(&self.store.rows(statement).await?)
    }

    /// Reads a tenant's newest lines, newest first. The cost does not depend on the length of the
    /// journal, except for a kind of one subject or trace: then it depends on the lines of that.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub async fn newest_first(
        &self,
        tenant: TenantId,
        wanted: Newest<'_>,
    ) -> Result<Vec<JournalLine>, StoreError> {
        let Newest { before, trace, subject, kind, notable, .. } = wanted;
        let limit = wanted.limit.min(LINES_MAX);
        let wanted = Wanted { kind, subject, trace, notable, ..Wanted::default() };
        if let Some(rows) = self.by_index(tenant, wanted, Range::Before(before), limit).await? {
            return self.lines_of(&rows);
        }
        let statement = match notable {
            true => newest_notable_before(tenant, before, limit),
            false => newest_before(tenant, before, limit),
        };
        self.lines_of(&self.store.rows(statement).await?)
    }

    /// Reads a tenant's newest lines about one credential, newest first.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub async fn newest_about(
        &self,
        tenant: TenantId,
        wanted: NewestAbout<'_>,
    ) -> Result<Vec<JournalLine>, StoreError> {
        let NewestAbout { name, kind, before, limit } = wanted;
        let wanted = Wanted { kind, name: Some(name), before: Some(before), ..Wanted::default() };
        let rows = self.by_index(tenant, wanted, Range::Before(i64::MAX), limit.min(LINES_MAX)).await?;
        self.lines_of(&rows.unwrap_or_default())
    }

    /// Reads a tenant's newest notable lines of each of some kinds, newest first. Lines of other
    /// kinds, however many, are not read.
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub async fn newest_of_kinds(
        &self,
        tenant: TenantId,
        wanted: NewestOfKinds<'_>,
    ) -> Result<Vec<JournalLine>, StoreError> {
        let limit = wanted.limit.min(LINES_MAX);
        let mut lines = Vec::new();
        for kind in wanted.kinds {
            let statement = sql!(
                "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                 WHERE tenant = $1 AND kind = $2 AND notable IS NOT NULL AND at_us < $3 \
                 ORDER BY at_us DESC, seq DESC LIMIT $4",
                tenant,
                *kind,
                wanted.before,
                limit
            );
            for row in self.store.rows(statement).await? {
                lines.push(self.line_of(&row)?);
            }
        }
        lines.sort_by_key(|line| std::cmp::Reverse((line.at, line.seq)));
        Ok(lines)
    }

    /// Subscribes to commits of this process, after which a follower reads the next lines.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.store.commits()
    }

    /// The rows of the lines that have what is wanted, or `None` if all are wanted.
    async fn by_index(
        &self,
        tenant: TenantId,
        wanted: Wanted<'_>,
        range: Range,
        limit: u32,
    ) -> Result<Option<Vec<Row>>, StoreError> {
        let Some(lookup) = Lookup::new(&self.store, tenant, wanted, range) else { return Ok(None) };
        let mut beginning = lookup.begin(UNINDEXED_MAX).await?;
        if beginning.unindexed() > UNINDEXED_MAX {
            self.index.complete().await?;
            beginning = lookup.begin(ALL_UNINDEXED).await?;
        }
        lookup.rows(beginning, limit).await.map(Some)
    }

    fn lines_of(&self, rows: &[Row]) -> Result<Vec<JournalLine>, StoreError> {
        rows.iter().map(|row| self.line_of(row)).collect()
    }

    fn line_of(&self, row: &Row) -> Result<JournalLine, StoreError> {
        Ok(JournalLine {
            seq: row.int("seq")?,
            service: self.service.to_owned(),
            tenant: row.parse("tenant")?,
            at: row.instant("at_us")?,
            wall: row.instant("wall_us")?,
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            trace: row.text("trace")?,
            data: data_of(row)?,
        })
    }
}

/// Inserts a line with its number: the next one, also after lines that were deleted.
pub(crate) const fn insert_line(values: Vec<Parameter>) -> Statement {
    Statement::new(
        "INSERT INTO journal (seq, tenant, at_us, wall_us, kind, subject, trace, data, notable, names) \
         VALUES ((SELECT MAX(seq) + 1 FROM (SELECT MAX(seq) AS seq FROM journal UNION ALL SELECT used FROM \
         journal_indexed) AS numbers), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values,
    )
    .uncached()
}

/// The data of a stored line.
fn data_of(row: &Row) -> Result<Value, StoreError> {
    let corrupt = |why: String| StoreError::Corrupt { column: "data".to_owned(), why };
    let stored = row.text("data")?;
    let text = unpack(&stored).ok_or_else(|| corrupt("a reference to nothing".to_owned()))?;
    serde_json::from_str(&text).map_err(|error| corrupt(error.to_string()))
}
