//! The one task that writes. Changes that arrive while a commit is under way wait together and share the next one.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Either, Executor as _};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::backend::{Backend, is_lost, run};
use crate::parameters::joined;
use crate::readers::Readers;
use crate::{Change, StoreError};

/// How many changes may share one commit. More wait for the next.
const GROUP_MAX: usize = 128;

/// How long, in wall time, a commit may take before the connection is given up.
const COMMIT_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Job {
    pub(crate) change: Change,
    pub(crate) done: oneshot::Sender<Result<(), StoreError>>,
}

pub(crate) struct Committer {
    pub(crate) backend: Arc<Backend>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) closing: Arc<Notify>,
    pub(crate) commits: watch::Sender<u64>,
    pub(crate) connection: Option<AnyConnection>,
    /// This process's claim on the database.
    pub(crate) claim: Option<File>,
}

/// What became of each change of a group. The outer error means that the connection is lost.
type Results = Result<Vec<Result<(), StoreError>>, sqlx::Error>;

impl Committer {
    pub(crate) async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        loop {
            tokio::select! {
                biased;
                count = self.jobs.recv_many(&mut group, GROUP_MAX) => if count == 0 { break },
                // What was handed in before is still done.
                () = self.closing.notified() => self.jobs.close(),
            }
            if group.is_empty() {
                continue;
            }
            let (changes, answers): (Vec<_>, Vec<_>) =
                group.drain(..).map(|job| (job.change, job.done)).unzip();
            let committing = tokio::time::timeout(COMMIT_MAX, self.commit_group(&changes)).await;
            let results = match committing.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut)) {
                Ok(results) => {
                    self.commits.send_modify(|count| *count += 1);
                    results
                }
                Err(error) => {
                    // The connection was not put back: the next group gets a new one.
                    let failed = StoreError::from(error);
                    tracing::error!(%failed, "a commit failed");
                    changes.iter().map(|_| Err(failed.clone())).collect()
                }
            };
            for (answer, result) in answers.into_iter().zip(results) {
                // A request that went away does not need its answer; its change stands.
                let _ = answer.send(result);
            }
        }
        self.readers.close().await;
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
        // The claim ends before `commits` does, by which `Store::close` knows.
        drop(self.claim.take());
    }

    async fn commit_group(&mut self, changes: &[Change]) -> Results {
        let (mut connection, begin) = self.begin().await?;
        let at_once = self.backend.statements_at_once();
        let results = if let [change] = changes {
            let result = apply(&mut connection, begin, change, at_once).await?;
            run(&mut connection, if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
            vec![result]
        } else {
            let mut results: Vec<Result<(), StoreError>> = Vec::with_capacity(changes.len());
            for change in changes {
                let lead = match results.last() {
                    None => &[begin, &["SAVEPOINT change"]].concat()[..],
                    Some(Ok(())) => &["RELEASE SAVEPOINT change", "SAVEPOINT change"],
                    Some(Err(_)) => &["ROLLBACK TO SAVEPOINT change"],
                };
                results.push(apply(&mut connection, lead, change, at_once).await?);
            }
            let last_stands = results.last().is_some_and(Result::is_ok);
            run(&mut connection, if last_stands { "COMMIT" } else { "ROLLBACK TO SAVEPOINT change; COMMIT" })
                .await?;
            results
        };
        self.connection = Some(connection);
        Ok(results)
    }

    /// A connection with a transaction, and what is still to be said before its first statement. A connection that was lost
    /// since the last commit is replaced.
    async fn begin(&mut self) -> Result<(AnyConnection, &'static [&'static str]), sqlx::Error> {
        if let Some(mut connection) = self.connection.take()
            && let Ok(begin) = self.backend.begin(&mut connection).await
        {
            return Ok((connection, begin));
        }
        let mut connection = self.backend.connect().await?;
        let begin = self.backend.begin(&mut connection).await?;
        Ok((connection, begin))
    }
}

/// Runs `lead` and the statements of one change, as many at once as the database takes. The outer error means that the
/// connection is lost; the inner one that the change may not happen: what it did already is still to be rolled back.
async fn apply(
    connection: &mut AnyConnection,
    lead: &[&'static str],
    change: &Change,
    at_once: usize,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    let mut lead = lead;
    if at_once == 1 && !lead.is_empty() {
        sqlx::raw_sql(AssertSqlSafe(lead.join("; "))).execute(&mut *connection).await?;
        lead = &[];
    }
    for (turn, statements) in change.statements.chunks(at_once).enumerate() {
        let (text, arguments) = joined(lead, statements);
        let mut index = 0_usize;
        let mut results = (&mut *connection).fetch_many(sqlx::query_with(AssertSqlSafe(text), arguments));
        while let Some(result) = results.next().await {
            let statement = index.checked_sub(lead.len()).and_then(|index| statements.get(index));
            let conflict =
                || Ok(Err(StoreError::Conflict { statement: turn * at_once + index - lead.len() }));
            match (result, statement) {
                (Ok(Either::Right(_)), _) => continue,
                (Ok(Either::Left(done)), Some(statement))
                    if statement.expected_rows.is_some_and(|expected| expected != done.rows_affected()) =>
                {
                    return conflict();
                }
                (Ok(Either::Left(_)), _) => {}
                (Err(error), Some(statement)) if !is_lost(&error) => {
                    return match &error {
                        sqlx::Error::Database(error) if error.is_unique_violation() => conflict(),
                        _ => Ok(Err(StoreError::Failed(format!("{error} in: {}", statement.sql)))),
                    };
                }
                (Err(error), _) => return Err(error),
            }
            index += 1;
        }
        drop(results);
        lead = &[];
    }
    Ok(Ok(()))
}
