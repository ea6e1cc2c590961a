//! The connection that writes, and its transactions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::backend::Backend;
use crate::connection::{Connection, DatabaseError};
use crate::counts::Counters;
use crate::job::Job;
use crate::pieces::{Piece, run_pieces};
use crate::{Change, Row, Statement, StoreError};

/// The commit timeout, in wall time, after which the connection is dropped.
const COMMIT_MAX: Duration = Duration::from_secs(60);

/// The deferred statements, by key.
type Deferred = BTreeMap<String, Statement>;

/// The connection that writes, in no transaction between two calls, and the statements that wait
/// for its next commit.
pub(crate) struct Writer {
    backend: Arc<Backend>,
    connection: Option<Connection>,
    deferred: Deferred,
    /// Whether the committer will soon flush the deferred statements.
    pub(crate) flush_is_scheduled: bool,
    /// Counts commits; `None` after [`Writer::close`].
    commits: Option<watch::Sender<u64>>,
    /// Counts commits that may have changed what is cached.
    revision: Arc<AtomicU64>,
    counters: Arc<Counters>,
}

/// The result of each change of a group. The outer error means that the connection, or the whole
/// transaction, is lost.
type Results = Result<Vec<Result<(), StoreError>>, DatabaseError>;

impl Writer {
    pub(crate) fn new(
        (backend, connection): (Arc<Backend>, Connection),
        (commits, revision): (watch::Sender<u64>, Arc<AtomicU64>),
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            backend,
            connection: Some(connection),
            deferred: Deferred::new(),
            flush_is_scheduled: false,
            commits: Some(commits),
            revision,
            counters,
        }
    }

    /// Defers a statement to the next commit; it replaces one with the same key.
    pub(crate) fn defer(&mut self, key: String, statement: Statement) -> Result<(), StoreError> {
        if self.commits.is_none() {
            return Err(stopped());
        }
        self.deferred.insert(key, statement);
        Ok(())
    }

    /// Commits the deferred statements. Returns whether there were any.
    pub(crate) async fn flush(&mut self) -> bool {
        let any = !self.deferred.is_empty();
        if any {
            self.commit(&[Change::new()]).await;
        }
        any
    }

    /// Closes the connection. `closed` runs before those who wait for the end hear of it.
    pub(crate) async fn close(&mut self, closed: impl FnOnce() + Send) {
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
        closed();
        self.stop();
    }

    /// Rejects what is submitted from now on.
    pub(crate) fn stop(&mut self) {
        self.commits = None;
    }

    /// Reads on this connection; `None` if it is not open.
    pub(crate) async fn read(
        &mut self,
        statement: &Statement,
        only_first: bool,
    ) -> Option<Result<Vec<Row>, StoreError>> {
        let rows = self.connection.as_mut()?.read(statement, only_first).await;
        Some(rows.map_err(StoreError::from))
    }

    /// Reads several queries of one state of the database, with what was deferred before.
    pub(crate) async fn read_together(
        &mut self,
        statements: &[Statement],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        if self.commits.is_none() {
            return Err(stopped());
        }
        self.flush().await;
        // The connection is dropped, with its transaction, if a query fails or takes too long.
        let reading = async {
            let mut connection = begin(&self.backend, self.connection.take()).await?;
            let mut results = Vec::with_capacity(statements.len());
            for statement in statements {
                results.push(connection.read(statement, false).await?);
            }
            connection.run_command("ROLLBACK").await?;
            Ok::<_, DatabaseError>((connection, results))
        };
        let read = tokio::time::timeout(COMMIT_MAX, reading).await;
        let (connection, results) = read.unwrap_or(Err(DatabaseError::TooSlow))?;
        self.connection = Some(connection);
        Ok(results)
    }

    /// Commits changes, and answers their callers.
    pub(crate) async fn commit_jobs(&mut self, jobs: impl IntoIterator<Item = Job>) {
        let (changes, answers): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|Job { change, done }| (change, done)).unzip();
        if changes.is_empty() {
            return;
        }
        for (answer, result) in answers.into_iter().zip(self.commit(&changes).await) {
            // A canceled request needs no result; its change remains committed.
            let _ = answer.send(result);
        }
    }

    /// Commits the changes and the deferred statements, which stay deferred on failure.
    async fn commit(&mut self, changes: &[Change]) -> Vec<Result<(), StoreError>> {
        if self.commits.is_none() {
            return changes.iter().map(|_| Err(stopped())).collect();
        }
        let deferred = std::mem::take(&mut self.deferred);
        let news = changes.iter().filter(|change| !change.is_upkeep);
        let mut statements = deferred.values().chain(news.flat_map(|change| &change.statements));
        let changes_cached = statements.any(|statement| !statement.is_uncached);
        let is_news = !deferred.is_empty() || changes.iter().any(|change| !change.is_upkeep);
        let committing = async {
            match self.commit_group(&deferred, changes).await {
                Err(error) if error.is_deadlock() => self.commit_group(&deferred, changes).await,
                results => results,
            }
        };
        let committing = tokio::time::timeout(COMMIT_MAX, committing).await;
        if changes_cached {
            self.revision.fetch_add(1, Ordering::Release);
        }
        match committing.unwrap_or_else(|_| Err(DatabaseError::TooSlow)) {
            Ok(results) => {
                self.counters.count_commit(deferred.len(), changes, &results);
                if let Some(commits) = self.commits.as_ref().filter(|_| is_news) {
                    commits.send_modify(|count| *count += 1);
                }
                if matches!(results[..], [Err(_)]) {
                    self.deferred = deferred;
                }
                results
            }
            Err(error) => {
                // The connection is dropped; the next group opens a new one.
                let failed = StoreError::from(error);
                tracing::error!(%failed, "a commit failed");
                self.deferred = deferred;
                changes.iter().map(|_| Err(failed.clone())).collect()
            }
        }
    }

    /// Commits the changes in one transaction. If one fails, which is rare, the transaction is
    /// repeated with a savepoint per change, so that the others succeed.
    async fn commit_group(&mut self, deferred: &Deferred, changes: &[Change]) -> Results {
        let mut connection = begin(&self.backend, self.connection.take()).await?;
        let mut pieces: Vec<_> =
            deferred.values().map(|statement| Piece::Statement(None, statement)).collect();
        let deferred = pieces.len();
        pieces.extend(changes.iter().flat_map(change_pieces));
        pieces.push(Piece::Command("COMMIT"));
        let results = match run_pieces(&mut connection, &pieces).await? {
            Ok(()) => vec![Ok(()); changes.len()],
            Err(refused) => {
                connection.run_command("ROLLBACK").await?;
                if let [_] = changes {
                    vec![Err(refused)]
                } else {
                    pieces.truncate(deferred);
                    self.backend.begin(&mut connection).await?;
                    commit_with_savepoints(&mut connection, pieces, changes).await?
                }
            }
        };
        self.connection = Some(connection);
        Ok(results)
    }
}

/// Begins a transaction. A lost connection is replaced.
async fn begin(backend: &Backend, connection: Option<Connection>) -> Result<Connection, DatabaseError> {
    if let Some(mut connection) = connection
        && backend.begin(&mut connection).await.is_ok()
    {
        return Ok(connection);
    }
    let mut connection = backend.connect_writer().await?;
    backend.begin(&mut connection).await?;
    Ok(connection)
}

/// The statements of a change, with their indices.
fn change_pieces(change: &Change) -> impl Iterator<Item = Piece<'_>> {
    change.statements.iter().enumerate().map(|(index, statement)| Piece::Statement(Some(index), statement))
}

/// Commits changes, some of which will fail, in the current transaction, each under its own
/// savepoint.
async fn commit_with_savepoints<'a>(
    connection: &mut Connection,
    mut pieces: Vec<Piece<'a>>,
    changes: &'a [Change],
) -> Results {
    let mut results: Vec<Result<(), StoreError>> = Vec::with_capacity(changes.len());
    for change in changes {
        match results.last() {
            None => pieces.push(Piece::Command("SAVEPOINT change")),
            Some(Ok(())) => {
                pieces.extend(["RELEASE SAVEPOINT change", "SAVEPOINT change"].map(Piece::Command))
            }
            Some(Err(_)) => pieces.push(Piece::Command("ROLLBACK TO SAVEPOINT change")),
        }
        pieces.extend(change_pieces(change));
        results.push(run_pieces(connection, &pieces).await?);
        pieces.clear();
    }
    let end = match results.last() {
        Some(Err(_)) => "ROLLBACK TO SAVEPOINT change; COMMIT",
        _ => "COMMIT",
    };
    connection.run_command(end).await?;
    Ok(results)
}

pub(crate) fn stopped() -> StoreError {
    StoreError::Failed("the writer has stopped".to_owned())
}
