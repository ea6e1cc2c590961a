//! Writing and reading the journal.

use outlive_clock::{TenantId, wall_now};
use outlive_store::{Change, Row, Statement, Store, StoreError, Value as Parameter, sql};
use outlive_wire::JournalLine;
use serde_json::Value;
use tokio::sync::watch;

use crate::by_kind::{Range, rows_of_kind};
use crate::dictionaries::{pack, unpack};
use crate::entries::Criterion;
use crate::event::stored_names;
use crate::index::Index;
use crate::{Event, Filter, LINES_MAX, Newest, NewestAbout, NewestOfKinds};

/// Selects the lines with a value of a criterion.
macro_rules! select_by_index {
    ($range:literal) => {
        concat!(
            "SELECT j.seq, j.tenant, at_us, wall_us, kind, subject, trace, data FROM journal_index i \
             JOIN journal j ON j.seq = i.seq WHERE i.tenant = $1 AND i.criterion = $2 AND i.value = $3 \
             AND (CAST($5 AS TEXT) IS NULL OR kind = $5) \
             AND (CAST($6 AS TEXT) IS NULL OR substr(kind, 1, length($6)) = $6) \
             AND (CAST($7 AS TEXT) IS NULL OR trace = $7) AND (CAST($8 AS TEXT) IS NULL OR subject = $8) ",
            $range
        )
    };
}

const OLDEST_BY_INDEX: &str = select_by_index!("AND i.seq > $4 ORDER BY i.seq LIMIT $9");
const NEWEST_BY_INDEX: &str = select_by_index!(
    "AND i.seq < $4 AND (CAST($10 AS BIGINT) = 0 OR notable = 1) ORDER BY i.seq DESC LIMIT $9"
);
const NEWEST_BY_INDEX_BEFORE: &str = select_by_index!("AND at_us < $4 ORDER BY i.seq DESC LIMIT $9");

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
        if let Filter { kind: Some(kind), subject: None, trace: None, about: None, .. } = filter {
            let (range, limit) = (Range::After(filter.after), filter.limit.min(LINES_MAX));
            let rows =
                rows_of_kind(&self.store, &self.index, filter.tenant, kind, false, range, limit).await?;
            return rows.iter().map(|row| self.line_of(row)).collect();
        }
        let limit = i64::from(filter.limit.min(LINES_MAX));
        let criterion = match (&filter.about, &filter.trace, &filter.subject) {
            (Some(name), _, _) => (Criterion::Name, name),
            (None, Some(trace), _) => (Criterion::Trace, trace),
            (None, None, Some(subject)) => (Criterion::Subject, subject),
            (None, None, None) => {
                let statement = sql!(
                    "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                     WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                    filter.tenant,
                    filter.after,
                    limit
                );
                return self.lines(statement).await;
            }
        };
        let kind = filter.kind.as_deref();
        let also = Also { kind, trace: filter.trace.as_deref(), subject: filter.subject.as_deref() };
        let values = by_index(filter.tenant, criterion, filter.after, also, limit);
        self.indexed_lines(Statement::new(OLDEST_BY_INDEX, values)).await
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
        let Newest { before, trace, subject, .. } = wanted;
        let limit = wanted.limit.min(LINES_MAX);
        if let Newest { kind: Some(kind), subject: None, trace: None, notable, .. } = wanted {
            let rows =
                rows_of_kind(&self.store, &self.index, tenant, kind, notable, Range::Before(before), limit)
                    .await?;
            return rows.iter().map(|row| self.line_of(row)).collect();
        }
        let limit = i64::from(limit);
        let criterion = match (trace, subject) {
            (Some(trace), _) => (Criterion::Trace, trace),
            (None, Some(subject)) => (Criterion::Subject, subject),
            (None, None) => {
                let statement = if wanted.notable {
                    "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                     WHERE tenant = $1 AND notable = 1 AND seq < $2 ORDER BY seq DESC LIMIT $3"
                } else {
                    "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                     WHERE tenant = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"
                };
                let values = vec![tenant.into(), before.into(), limit.into()];
                return self.lines(Statement::new(statement, values)).await;
            }
        };
        let also = Also { kind: wanted.kind, trace, subject };
        let mut values = by_index(tenant, criterion, before, also, limit);
        values.push(i64::from(wanted.notable).into());
        self.indexed_lines(Statement::new(NEWEST_BY_INDEX, values)).await
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
        let also = Also { kind: wanted.kind, trace: None, subject: None };
        let limit = i64::from(wanted.limit.min(LINES_MAX));
        let values = by_index(tenant, (Criterion::Name, wanted.name), wanted.before, also, limit);
        self.indexed_lines(Statement::new(NEWEST_BY_INDEX_BEFORE, values)).await
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

    /// The lines of a query that needs the index.
    async fn indexed_lines(&self, statement: Statement) -> Result<Vec<JournalLine>, StoreError> {
        self.index.complete().await?;
        self.lines(statement).await
    }

    async fn lines(&self, statement: Statement) -> Result<Vec<JournalLine>, StoreError> {
        self.store.rows(statement).await?.iter().map(|row| self.line_of(row)).collect()
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

/// Inserts a line with its number: the next one, also after lines that were deleted once they had
/// been indexed.
pub(crate) const fn insert_line(values: Vec<Parameter>) -> Statement {
    Statement::new(
        "INSERT INTO journal (seq, tenant, at_us, wall_us, kind, subject, trace, data, notable, names) \
         VALUES ((SELECT MAX(seq) + 1 FROM (SELECT MAX(seq) AS seq FROM journal UNION ALL SELECT target FROM \
         journal_indexed) AS used), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values,
    )
    .uncached()
}

/// Other criteria of lines that the index has by one.
#[derive(Clone, Copy)]
struct Also<'a> {
    /// The kind, or a prefix of kinds that ends in a dot.
    kind: Option<&'a str>,
    trace: Option<&'a str>,
    subject: Option<&'a str>,
}

/// The values of [`select_by_index`], up to the limit. `from` is where the range begins.
fn by_index(
    tenant: TenantId,
    (criterion, value): (Criterion, impl Into<Parameter>),
    from: impl Into<Parameter>,
    also: Also<'_>,
    limit: i64,
) -> Vec<Parameter> {
    vec![
        tenant.into(),
        criterion.into(),
        value.into(),
        from.into(),
        also.kind.filter(|kind| !kind.ends_with('.')).into(),
        also.kind.filter(|kind| kind.ends_with('.')).into(),
        also.trace.into(),
        also.subject.into(),
        limit.into(),
    ]
}

/// The data of a stored line.
fn data_of(row: &Row) -> Result<Value, StoreError> {
    let corrupt = |why: String| StoreError::Corrupt { column: "data".to_owned(), why };
    let stored = row.text("data")?;
    let text = unpack(&stored).ok_or_else(|| corrupt("a reference to nothing".to_owned()))?;
    serde_json::from_str(&text).map_err(|error| corrupt(error.to_string()))
}
