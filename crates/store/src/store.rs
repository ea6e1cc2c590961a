//! The handle that services hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::backend::Backend;
use crate::committer::{Committer, Job};
use crate::readers::Readers;
use crate::{Change, DatabaseUrl, Migration, OpenError, Row, Statement, StoreError, migrations};

/// The capacity of the writer's queue.
const QUEUE_MAX: usize = 1_024;

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    readers: Arc<Readers>,
    jobs: mpsc::Sender<Job>,
    commits: watch::Receiver<u64>,
    closing: Arc<Notify>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// Opens the database and applies migrations. `schema` separates services that share a
    /// PostgreSQL database.
    ///
    /// # Errors
    /// [`OpenError`], with what failed, why, and what to do.
    pub async fn open(
        url: &DatabaseUrl,
        schema: &str,
        sets: &[(&str, &[Migration])],
    ) -> Result<Self, OpenError> {
        let (backend, claim) = Backend::open(url, schema).await?;
        let backend = Arc::new(backend);
        for (name, list) in sets {
            migrations::apply(&backend, name, list).await?;
        }
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let (tick, commits) = watch::channel(0);
        let writer = Arc::default();
        let readers = Arc::new(Readers::new(Arc::clone(&backend), Arc::clone(&writer)));
        let closing = Arc::new(Notify::new());
        let committer = Committer {
            backend: Arc::clone(&backend),
            readers: Arc::clone(&readers),
            jobs: queue,
            closing: Arc::clone(&closing),
            commits: tick,
            writer,
            deferred: BTreeMap::new(),
            claim,
        };
        tokio::spawn(committer.run());
        Ok(Self { backend, readers, jobs, commits, closing })
    }

    /// Returns all rows of a query, which bounds itself (`LIMIT`).
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.readers.read(&statement, false).await
    }

    /// Returns all rows of a query that are known to be few.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn few_rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.readers.read_soon(&statement, false).await
    }

    /// Returns the first row of a query, if any.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn row(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.readers.read_soon(&statement, true).await?.pop())
    }

    /// Commits a change, together with other waiting changes, and returns when it is durable.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if an expectation did not hold or a key exists: nothing was
    /// changed. [`StoreError::Failed`]: nothing was changed either, unless the connection was lost
    /// during the commit itself; then all of the change was applied or nothing.
    pub async fn commit(&self, change: impl Into<Change>) -> Result<(), StoreError> {
        let change = change.into();
        if change.is_empty() {
            return Ok(());
        }
        let (done, answer) = oneshot::channel();
        // The channels' errors say nothing more.
        let gone = || StoreError::Failed("the writer has stopped".to_owned());
        self.jobs.send(Job::Now { change, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Defers a statement to the next commit, before its changes, or to a commit of its own within
    /// half a second (wall time). It replaces a deferred statement with the same `key`. Its result
    /// is not reported, and a crash may lose it: for values that are also in memory and soon
    /// written again.
    ///
    /// # Errors
    /// [`StoreError::Failed`]: the store is closed.
    pub async fn commit_soon(
        &self,
        key: impl Into<String> + Send,
        statement: Statement,
    ) -> Result<(), StoreError> {
        let job = Job::Soon { key: key.into(), statement };
        // The source says nothing more.
        self.jobs.send(job).await.map_err(|_| StoreError::Failed("the writer has stopped".to_owned()))
    }

    /// Commits submitted changes, rejects new ones, and closes the database, so that another
    /// process can open it immediately. Dropping the last `Store` does the same a moment later.
    pub async fn close(&self) {
        self.closing.notify_one();
        let mut commits = self.commits.clone();
        while commits.changed().await.is_ok() {}
    }

    /// Subscribes to the number of commits of this process, which changes when there may be new
    /// data.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    /// The number of reads of this process, for tests of query counts.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.readers.count()
    }

    /// Whether only this process can change the data, so that it may cache them. Replicas that
    /// share a database must read again.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.backend.is_exclusive()
    }
}
