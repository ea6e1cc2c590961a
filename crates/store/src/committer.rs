//! The single writer task. Changes that arrive during a commit share the next one (group commit).

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};

use crate::backend::Backend;
use crate::connection::{Connection, DatabaseError};
use crate::pieces::{Piece, run_pieces};
use crate::readers::Readers;
use crate::{Change, Statement, StoreError};

/// Maximum number of changes per commit.
const GROUP_MAX: usize = 128;

/// The commit timeout, in wall time, after which the connection is dropped.
const COMMIT_MAX: Duration = Duration::from_secs(60);

/// How long, in wall time, a deferred statement waits for a commit.
const DEFERRED_MAX: Duration = Duration::from_millis(500);

pub(crate) enum Job {
    /// A change whose caller waits until it is durable.
    Now { change: Change, done: oneshot::Sender<Result<(), StoreError>> },
    /// A statement deferred to the next commit; it replaces one with the same key.
    Soon { key: String, statement: Statement },
}

/// The connection that writes, if it is open. Its holder is in no transaction when it lets go.
pub(crate) type Writer = Mutex<Option<Connection>>;

/// The deferred statements, by key.
type Deferred = BTreeMap<String, Statement>;

pub(crate) struct Committer {
    pub(crate) backend: Arc<Backend>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) closing: Arc<Notify>,
    pub(crate) commits: watch::Sender<u64>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) deferred: Deferred,
    /// The lock of this process on the database.
    pub(crate) claim: Option<File>,
}

/// The result of each change of a group. The outer error means that the connection is lost.
type Results = Result<Vec<Result<(), StoreError>>, DatabaseError>;

impl Committer {
    pub(crate) async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        // Whether there are concurrent writers, judging by the last group.
        let mut many = false;
        loop {
            // Deferred statements wait for a commit only for a limited time.
            let wait = if self.deferred.is_empty() { Duration::MAX } else { DEFERRED_MAX };
            tokio::select! {
                biased;
                received = tokio::time::timeout(wait, self.jobs.recv_many(&mut group, GROUP_MAX)) => match received {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(_) => self.flush().await,
                },
                // Changes submitted before are still committed.
                () = self.closing.notified() => self.jobs.close(),
            }
            if many {
                self.gather(&mut group).await;
            }
            many = group.len() > 1;
            let (mut changes, mut answers) = (Vec::new(), Vec::new());
            for job in group.drain(..) {
                match job {
                    Job::Now { change, done } => {
                        changes.push(change);
                        answers.push(done);
                    }
                    Job::Soon { key, statement } => {
                        self.deferred.insert(key, statement);
                    }
                }
            }
            if changes.is_empty() {
                continue;
            }
            let results = self.commit(&changes).await;
            for (answer, result) in answers.into_iter().zip(results) {
                // A canceled request needs no result; its change remains committed.
                let _ = answer.send(result);
            }
        }
        self.flush().await;
        self.readers.close().await;
        if let Some(connection) = self.writer.lock().await.take() {
            connection.close().await;
        }
        // Release the lock before `commits` closes, for which `Store::close` waits.
        drop(self.claim.take());
    }

    /// Yields so that other ready tasks can submit their changes: a commit takes about the same
    /// time for many changes as for one.
    async fn gather(&mut self, group: &mut Vec<Job>) {
        tokio::task::yield_now().await;
        while group.len() < GROUP_MAX
            && let Ok(job) = self.jobs.try_recv()
        {
            group.push(job);
        }
    }

    async fn flush(&mut self) {
        if !self.deferred.is_empty() {
            self.commit(&[Change::new()]).await;
        }
    }

    /// Commits the changes and the deferred statements, which stay deferred on failure.
    async fn commit(&mut self, changes: &[Change]) -> Vec<Result<(), StoreError>> {
        let deferred = std::mem::take(&mut self.deferred);
        let committing = tokio::time::timeout(COMMIT_MAX, self.commit_group(&deferred, changes)).await;
        match committing.unwrap_or_else(|_| Err(DatabaseError::TooSlow)) {
            Ok(results) => {
                self.commits.send_modify(|count| *count += 1);
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
        let mut writer = self.writer.lock().await;
        let mut connection = begin(&self.backend, writer.take()).await?;
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
        *writer = Some(connection);
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
    let mut connection = backend.connect().await?;
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
