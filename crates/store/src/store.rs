//! The handle that services hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::backend::Backend;
use crate::committer::{Committer, Job};
use crate::readers::Readers;
use crate::{Change, DatabaseUrl, Migration, OpenError, Row, Statement, StoreError, migrations};

/// How many changes may wait for the writer before requests have to wait to hand theirs in.
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
    /// Opens the database and brings its tables up to date. `schema` separates the services that share a PostgreSQL database.
    ///
    /// # Errors
    /// [`OpenError`] says what was tried, why it failed and what to do.
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
        let readers = Arc::new(Readers::new(Arc::clone(&backend)));
        let closing = Arc::new(Notify::new());
        let committer = Committer {
            backend: Arc::clone(&backend),
            readers: Arc::clone(&readers),
            jobs: queue,
            closing: Arc::clone(&closing),
            commits: tick,
            connection: None,
            standing: BTreeMap::new(),
            claim,
        };
        tokio::spawn(committer.run());
        Ok(Self { backend, readers, jobs, commits, closing })
    }

    /// Reads all rows that a statement gives. Statements bound themselves (`LIMIT`).
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.readers.read(&statement, false).await
    }

    /// Reads the one row that a statement gives, if any.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn row(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.readers.read(&statement, true).await?.pop())
    }

    /// Makes a change, together with others that are waiting, and answers when it is durable.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if an expectation did not hold or a key is taken: then nothing of the change happened.
    /// [`StoreError::Failed`]: nothing happened either, unless the connection was lost during the commit itself; then it
    /// happened as a whole or not at all.
    pub async fn commit(&self, change: impl Into<Change>) -> Result<(), StoreError> {
        let change = change.into();
        if change.is_empty() {
            return Ok(());
        }
        let (done, answer) = oneshot::channel();
        let gone = || StoreError::Failed("the writer has stopped".to_owned());
        self.jobs.send(Job::Now { change, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Has a statement made with the next commit, before the changes in it, or by itself within half a second (wall time);
    /// instead of one that still waits under the same `key`. Nobody learns whether it did anything, and the death of the
    /// process may undo it: for what is remembered in memory, and is right again with the next thing that happens.
    ///
    /// # Errors
    /// [`StoreError::Failed`]: the store is closed.
    pub async fn commit_soon(
        &self,
        key: impl Into<String> + Send,
        statement: Statement,
    ) -> Result<(), StoreError> {
        let job = Job::Soon { key: key.into(), statement };
        self.jobs.send(job).await.map_err(|_| StoreError::Failed("the writer has stopped".to_owned()))
    }

    /// Finishes the changes that were handed in, refuses all others, and lets go of the database: whoever opens it next can do
    /// so at once. Dropping the last `Store` does the same a moment later.
    pub async fn close(&self) {
        self.closing.notify_one();
        let mut commits = self.commits.clone();
        while commits.changed().await.is_ok() {}
    }

    /// Counts the commits of this process; whoever waits for it to change learns that there may be something new to read.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    /// Counts the reads of this process: what a request costs of them is worth a test.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.readers.count()
    }

    /// Whether this process alone can change the data, so that what it remembers of it stays true. Replicas that share a
    /// database have to read again.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.backend.is_exclusive()
    }
}
