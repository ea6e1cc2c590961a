//! Writing and reading the journal.

use std::iter;

use outlive_clock::{TenantId, wall_now};
use outlive_store::{Change, Row, Statement, Store, StoreError, sql};
use outlive_wire::JournalLine;
use serde_json::Value;
use tokio::sync::watch;

use crate::by_kind::{Range, rows_of_kind};
use crate::packed::{pack, unpack};
use crate::{Event, Filter, LINES_MAX, Newest, NewestAbout, NewestOfKinds};

/// Inserts names of the last event of a change.
macro_rules! insert_names {
    ($first:literal $(, $more:literal)*) => {
        concat!(
            "INSERT INTO journal_names (tenant, name, seq) VALUES ($1, $", $first, ", (SELECT MAX(seq) FROM journal))"
            $(, ", ($1, $", $more, ", (SELECT MAX(seq) FROM journal))")*
        )
    };
}

/// The statement for one name, for two, and so on.
const NAMES: [&str; 6] = [
    insert_names!(2),
    insert_names!(2, 3),
    insert_names!(2, 3, 4),
    insert_names!(2, 3, 4, 5),
    insert_names!(2, 3, 4, 5, 6),
    insert_names!(2, 3, 4, 5, 6, 7),
];

/// A service's journal.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Store,
    service: &'static str,
}

impl Journal {
    /// The journal of `service`, in its database.
    #[must_use]
    pub const fn new(store: Store, service: &'static str) -> Self {
        Self { store, service }
    }

    /// Returns the change that records an event, to be appended to the change of state that it is
    /// about.
    #[must_use]
    pub fn entry(&self, event: &Event) -> Change {
        let mut change = Change::from(self.line(event));
        let names: Vec<&str> = event.names.iter().map(String::as_str).collect();
        for names in names.chunks(NAMES.len()) {
            let tenant = outlive_store::Value::from(event.tenant);
            let values = iter::once(tenant).chain(names.iter().map(|name| (*name).into()));
            change.add(Statement::new(NAMES[names.len() - 1], values.collect()));
        }
        change
    }

    #[expect(
        clippy::expect_used,
        reason = "an error of a payload's type, which the test of its example meets"
    )]
    fn line(&self, event: &Event) -> Statement {
        let payload = event.payload.payload().expect("every payload is an object of plain values");
        sql!(
            "INSERT INTO journal (seq, tenant, at_us, wall_us, kind, subject, trace, data, notable) \
             VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM journal), $1, $2, $3, $4, $5, $6, $7, $8)",
            event.tenant,
            event.at,
            wall_now(),
            event.payload.kind(),
            event.subject.to_string(),
            &event.trace,
            pack(&payload),
            event.payload.is_notable().then_some(1_i64)
        )
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
            let rows = rows_of_kind(&self.store, filter.tenant, kind, false, range, limit).await?;
            return rows.iter().map(|row| self.line_of(row)).collect();
        }
        let prefix = filter.kind.as_deref().filter(|kind| kind.ends_with('.'));
        let exact = filter.kind.as_deref().filter(|kind| !kind.ends_with('.'));
        // An absent criterion is NULL. Each statement uses the index that starts with the most
        // selective criterion.
        let limit = i64::from(filter.limit.min(LINES_MAX));
        let statement = match (&filter.about, &filter.trace, &filter.subject) {
            (Some(name), trace, subject) => sql!(
                "SELECT j.seq, j.tenant, at_us, wall_us, kind, subject, trace, data FROM journal_names n \
                 JOIN journal j ON j.seq = n.seq WHERE n.tenant = $1 AND n.name = $2 AND n.seq > $3 \
                 AND (CAST($4 AS TEXT) IS NULL OR kind = $4) \
                 AND (CAST($5 AS TEXT) IS NULL OR substr(kind, 1, length($5)) = $5) \
                 AND (CAST($6 AS TEXT) IS NULL OR trace = $6) \
                 AND (CAST($7 AS TEXT) IS NULL OR subject = $7) ORDER BY n.seq LIMIT $8",
                filter.tenant,
                name,
                filter.after,
                exact,
                prefix,
                trace.as_deref(),
                subject.as_deref(),
                limit
            ),
            (None, Some(trace), subject) => sql!(
                "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                 WHERE tenant = $1 AND trace = $2 AND seq > $3 \
                 AND (CAST($4 AS TEXT) IS NULL OR kind = $4) \
                 AND (CAST($5 AS TEXT) IS NULL OR substr(kind, 1, length($5)) = $5) \
                 AND (CAST($6 AS TEXT) IS NULL OR subject = $6) ORDER BY seq LIMIT $7",
                filter.tenant,
                trace,
                filter.after,
                exact,
                prefix,
                subject.as_deref(),
                limit
            ),
            (None, None, Some(subject)) => sql!(
                "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                 WHERE tenant = $1 AND subject = $2 AND seq > $3 \
                 AND (CAST($4 AS TEXT) IS NULL OR kind = $4) \
                 AND (CAST($5 AS TEXT) IS NULL OR substr(kind, 1, length($5)) = $5) ORDER BY seq LIMIT $6",
                filter.tenant,
                subject,
                filter.after,
                exact,
                prefix,
                limit
            ),
            (None, None, None) => sql!(
                "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                 WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                filter.tenant,
                filter.after,
                limit
            ),
        };
        let rows = self.store.rows(statement).await?;
        rows.iter().map(|row| self.line_of(row)).collect()
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
            let rows = rows_of_kind(&self.store, tenant, kind, notable, Range::Before(before), limit).await?;
            return rows.iter().map(|row| self.line_of(row)).collect();
        }
        let (exact, prefix) =
            (wanted.kind.filter(|kind| !kind.ends_with('.')), wanted.kind.filter(|kind| kind.ends_with('.')));
        let notable = i64::from(wanted.notable);
        // As in `read`: the index that starts with the most selective criterion.
        let statement = match (trace, subject, wanted.notable) {
            (Some(trace), _, _) => sql!(
                "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                 WHERE tenant = $1 AND trace = $2 AND seq < $3 \
                 AND (CAST($4 AS TEXT) IS NULL OR kind = $4) \
                 AND (CAST($5 AS TEXT) IS NULL OR substr(kind, 1, length($5)) = $5) \
                 AND (CAST($6 AS TEXT) IS NULL OR subject = $6) \
                 AND (CAST($7 AS BIGINT) = 0 OR notable = 1) ORDER BY seq DESC LIMIT $8",
                tenant,
                trace,
                before,
                exact,
                prefix,
                subject,
                notable,
                limit
            ),
            (None, Some(subject), _) => sql!(
                "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                 WHERE tenant = $1 AND subject = $2 AND seq < $3 \
                 AND (CAST($4 AS TEXT) IS NULL OR kind = $4) \
                 AND (CAST($5 AS TEXT) IS NULL OR substr(kind, 1, length($5)) = $5) \
                 AND (CAST($6 AS BIGINT) = 0 OR notable = 1) ORDER BY seq DESC LIMIT $7",
                tenant,
                subject,
                before,
                exact,
                prefix,
                notable,
                limit
            ),
            (None, None, true) => sql!(
                "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                 WHERE tenant = $1 AND notable = 1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
                tenant,
                before,
                limit
            ),
            (None, None, false) => sql!(
                "SELECT seq, tenant, at_us, wall_us, kind, subject, trace, data FROM journal \
                 WHERE tenant = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
                tenant,
                before,
                limit
            ),
        };
        self.store.rows(statement).await?.iter().map(|row| self.line_of(row)).collect()
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
        let statement = sql!(
            "SELECT j.seq, j.tenant, at_us, wall_us, kind, subject, trace, data FROM journal_names n \
             JOIN journal j ON j.seq = n.seq WHERE n.tenant = $1 AND n.name = $2 AND at_us < $3 \
             AND (CAST($4 AS TEXT) IS NULL OR kind = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR substr(kind, 1, length($5)) = $5) ORDER BY n.seq DESC LIMIT $6",
            tenant,
            wanted.name,
            wanted.before,
            wanted.kind.filter(|kind| !kind.ends_with('.')),
            wanted.kind.filter(|kind| kind.ends_with('.')),
            wanted.limit.min(LINES_MAX)
        );
        self.store.rows(statement).await?.iter().map(|row| self.line_of(row)).collect()
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

/// The data of a stored line.
fn data_of(row: &Row) -> Result<Value, StoreError> {
    let corrupt = |why: String| StoreError::Corrupt { column: "data".to_owned(), why };
    let stored = row.text("data")?;
    let text = unpack(&stored).ok_or_else(|| corrupt("a reference to nothing".to_owned()))?;
    serde_json::from_str(&text).map_err(|error| corrupt(error.to_string()))
}
