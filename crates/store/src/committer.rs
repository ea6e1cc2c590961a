//! The one task that writes. Changes that arrive while a commit is under way wait together and share the next one.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::backend::Backend;
use crate::connection::{Connection, DatabaseError};
use crate::pieces::{Piece, run_pieces};
use crate::readers::Readers;
use crate::{Change, Statement, StoreError};

/// How many changes may share one commit. More wait for the next.
const GROUP_MAX: usize = 128;

/// How long, in wall time, a commit may take before the connection is given up.
const COMMIT_MAX: Duration = Duration::from_secs(60);

/// How long, in wall time, a statement that stands by waits for a commit to go along with.
const STANDING_MAX: Duration = Duration::from_millis(500);

pub(crate) enum Job {
    /// A change whose maker waits until it is durable.
    Now { change: Change, done: oneshot::Sender<Result<(), StoreError>> },
    /// A statement that goes along with the next commit, instead of what stood by under the same key.
    Soon { key: String, statement: Statement },
}

/// What goes along with the next commit, by key.
type Standing = BTreeMap<String, Statement>;

pub(crate) struct Committer {
    pub(crate) backend: Arc<Backend>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) closing: Arc<Notify>,
    pub(crate) commits: watch::Sender<u64>,
    pub(crate) connection: Option<Connection>,
    pub(crate) standing: Standing,
    /// This process's claim on the database.
    pub(crate) claim: Option<File>,
}

/// What became of each change of a group. The outer error means that the connection is lost.
type Results = Result<Vec<Result<(), StoreError>>, DatabaseError>;

impl Committer {
    pub(crate) async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        // Whether many write at once, by the last group.
        let mut many = false;
        loop {
            // Whoever stands by does not wait for ever for a commit to go along with.
            let wait = if self.standing.is_empty() { Duration::MAX } else { STANDING_MAX };
            tokio::select! {
                biased;
                received = tokio::time::timeout(wait, self.jobs.recv_many(&mut group, GROUP_MAX)) => match received {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(_) => self.flush().await,
                },
                // What was handed in before is still done.
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
                        self.standing.insert(key, statement);
                    }
                }
            }
            if changes.is_empty() {
                continue;
            }
            let results = self.commit(&changes).await;
            for (answer, result) in answers.into_iter().zip(results) {
                // A request that went away does not need its answer; its change stands.
                let _ = answer.send(result);
            }
        }
        self.flush().await;
        self.readers.close().await;
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
        // The claim ends before `commits` does, by which `Store::close` knows.
        drop(self.claim.take());
    }

    /// Lets whoever is about to hand something in do so: a commit takes much the same for many changes as for one. Only tasks that
    /// are ready are waited for, and those once, so that the rest have something to do meanwhile.
    async fn gather(&mut self, group: &mut Vec<Job>) {
        tokio::task::yield_now().await;
        while group.len() < GROUP_MAX
            && let Ok(job) = self.jobs.try_recv()
        {
            group.push(job);
        }
    }

    /// Commits what stands by, without waiting for more.
    async fn flush(&mut self) {
        if !self.standing.is_empty() {
            self.commit(&[Change::new()]).await;
        }
    }

    /// Commits the changes together with what stands by, which stays if it could not be done.
    async fn commit(&mut self, changes: &[Change]) -> Vec<Result<(), StoreError>> {
        let standing = std::mem::take(&mut self.standing);
        let committing = tokio::time::timeout(COMMIT_MAX, self.commit_group(&standing, changes)).await;
        match committing.unwrap_or_else(|_| Err(DatabaseError::TooSlow)) {
            Ok(results) => {
                self.commits.send_modify(|count| *count += 1);
                if matches!(results[..], [Err(_)]) {
                    self.standing = standing;
                }
                results
            }
            Err(error) => {
                // The connection was not put back: the next group gets a new one.
                let failed = StoreError::from(error);
                tracing::error!(%failed, "a commit failed");
                self.standing = standing;
                changes.iter().map(|_| Err(failed.clone())).collect()
            }
        }
    }

    /// Commits the changes as one. Hardly ever is one of them refused: only then all of it is done again, each change by itself so
    /// that the others do not suffer.
    async fn commit_group(&mut self, standing: &Standing, changes: &[Change]) -> Results {
        let mut connection = self.begin().await?;
        let mut pieces: Vec<_> = standing.values().map(|statement| Piece::Do(None, statement)).collect();
        let kept = pieces.len();
        pieces.extend(changes.iter().flat_map(said));
        pieces.push(Piece::Say("COMMIT"));
        let results = match run_pieces(&mut connection, &pieces).await? {
            Ok(()) => vec![Ok(()); changes.len()],
            Err(refused) => {
                connection.say("ROLLBACK").await?;
                if let [_] = changes {
                    vec![Err(refused)]
                } else {
                    pieces.truncate(kept);
                    self.backend.begin(&mut connection).await?;
                    apart(&mut connection, pieces, changes).await?
                }
            }
        };
        self.connection = Some(connection);
        Ok(results)
    }

    /// A connection with a transaction. A connection that was lost since the last commit is replaced.
    async fn begin(&mut self) -> Result<Connection, DatabaseError> {
        if let Some(mut connection) = self.connection.take()
            && self.backend.begin(&mut connection).await.is_ok()
        {
            return Ok(connection);
        }
        let mut connection = self.backend.connect().await?;
        self.backend.begin(&mut connection).await?;
        Ok(connection)
    }
}

/// What a change has to say.
fn said(change: &Change) -> impl Iterator<Item = Piece<'_>> {
    change.statements.iter().enumerate().map(|(index, statement)| Piece::Do(Some(index), statement))
}

/// Commits changes, some of which will be refused, in one transaction that has begun: each under a savepoint of its own.
async fn apart<'a>(
    connection: &mut Connection,
    mut pieces: Vec<Piece<'a>>,
    changes: &'a [Change],
) -> Results {
    let mut results: Vec<Result<(), StoreError>> = Vec::with_capacity(changes.len());
    for change in changes {
        match results.last() {
            None => pieces.push(Piece::Say("SAVEPOINT change")),
            Some(Ok(())) => pieces.extend(["RELEASE SAVEPOINT change", "SAVEPOINT change"].map(Piece::Say)),
            Some(Err(_)) => pieces.push(Piece::Say("ROLLBACK TO SAVEPOINT change")),
        }
        pieces.extend(said(change));
        results.push(run_pieces(connection, &pieces).await?);
        pieces.clear();
    }
    let end = match results.last() {
        Some(Err(_)) => "ROLLBACK TO SAVEPOINT change; COMMIT",
        _ => "COMMIT",
    };
    connection.say(end).await?;
    Ok(results)
}
