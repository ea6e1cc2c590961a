//! The one task that writes. Changes that arrive while a commit is under way wait together and share the next one.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::any::AnyArguments;
use sqlx::{AnyConnection, Arguments as _, AssertSqlSafe};
use tokio::sync::{mpsc, oneshot, watch};

use crate::backend::{Backend, run};
use crate::{Change, Statement, StoreError, Value};

/// How many changes may share one commit. More wait for the next.
const GROUP_MAX: usize = 128;

pub(crate) struct Job {
    pub(crate) change: Change,
    pub(crate) done: oneshot::Sender<Result<(), StoreError>>,
}

pub(crate) struct Committer {
    backend: Arc<Backend>,
    jobs: mpsc::Receiver<Job>,
    commits: watch::Sender<u64>,
    connection: Option<AnyConnection>,
}

impl Committer {
    pub(crate) fn new(backend: Arc<Backend>, jobs: mpsc::Receiver<Job>, commits: watch::Sender<u64>) -> Self {
        Self { backend, jobs, commits, connection: None }
    }

    pub(crate) async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while self.jobs.recv_many(&mut group, GROUP_MAX).await > 0 {
            let (changes, answers): (Vec<_>, Vec<_>) =
                group.drain(..).map(|job| (job.change, job.done)).unzip();
            let results = match self.commit_group(&changes).await {
                Ok(results) => {
                    self.commits.send_modify(|count| *count += 1);
                    results
                }
                Err(error) => {
                    // The state of the connection is unknown: the next group gets a new one.
                    self.connection = None;
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
    }

    async fn commit_group(&mut self, changes: &[Change]) -> Result<Vec<Result<(), StoreError>>, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.backend.writer().await?,
        };
        self.backend.begin(&mut connection).await?;
        let results = match changes {
            [change] => {
                let result = apply(&mut connection, change).await?;
                run(&mut connection, if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
                vec![result]
            }
            changes => {
                let mut results = Vec::with_capacity(changes.len());
                for change in changes {
                    run(&mut connection, "SAVEPOINT change").await?;
                    let result = apply(&mut connection, change).await?;
                    if result.is_err() {
                        run(&mut connection, "ROLLBACK TO SAVEPOINT change").await?;
                    }
                    run(&mut connection, "RELEASE SAVEPOINT change").await?;
                    results.push(result);
                }
                run(&mut connection, "COMMIT").await?;
                results
            }
        };
        self.connection = Some(connection);
        Ok(results)
    }
}

/// Runs the statements of one change. The outer error means that the connection is lost; the inner one that the change may
/// not happen.
async fn apply(
    connection: &mut AnyConnection,
    change: &Change,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    for (index, statement) in change.statements.iter().enumerate() {
        match sqlx::query_with(text(statement), arguments(statement)).execute(&mut *connection).await {
            Ok(done) if statement.expected_rows.is_some_and(|expected| expected != done.rows_affected()) => {
                return Ok(Err(StoreError::Conflict { statement: index }));
            }
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                return Ok(Err(StoreError::Conflict { statement: index }));
            }
            Err(sqlx::Error::Database(error)) => {
                return Ok(Err(StoreError::Failed(format!("{error} in: {}", statement.sql))));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(()))
}

/// The text of a statement: a literal, or one made by [`Statement::forget_tenant`].
pub(crate) fn text(statement: &Statement) -> AssertSqlSafe<Cow<'static, str>> {
    AssertSqlSafe(statement.sql.clone())
}

pub(crate) fn arguments(statement: &Statement) -> AnyArguments {
    let mut arguments = AnyArguments::default();
    for value in &statement.values {
        // Adding a number or a text cannot fail; the signature is for encoders that can.
        let _ = match value {
            Value::Int(number) => arguments.add(*number),
            Value::Text(text) => arguments.add(text.clone()),
        };
    }
    arguments
}
