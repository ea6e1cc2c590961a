//! The handle that services hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};

use crate::backend::Backend;
use crate::committer::{Committer, Job};
use crate::readers::Readers;
use crate::writer::{Writer, stopped};
use crate::{Change, DatabaseUrl, Migration, OpenError, Row, Statement, StoreError, migrations};

/// The capacity of the writer's queue.
const QUEUE_MAX: usize = 1_024;

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    readers: Arc<Readers>,
    writer: Arc<Mutex<Writer>>,
    jobs: mpsc::Sender<Job>,
    commits: watch::Receiver<u64>,
    closing: Arc<Notify>,
    flushing: Arc<Notify>,
    /// The number of callers of [`Store::commit`].
    committing: Arc<AtomicUsize>,
}

/// A caller of [`Store::commit`], counted while it waits.
struct Committing<'a>(&'a AtomicUsize);

impl<'a> Committing<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }

    fn is_alone(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 1
    }
}

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A change that is committed even if its caller is canceled.
struct Submitted<'a> {
    change: Change,
    jobs: &'a mpsc::Sender<Job>,
}

impl Drop for Submitted<'_> {
    fn drop(&mut self) {
        let change = std::mem::take(&mut self.change);
        if !change.is_empty() {
            let (done, _) = oneshot::channel();
            // Fails only if the store is closed, or a thousand others wait.
            let _ = self.jobs.try_send(Job { change, done });
        }
    }
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
        let (count, commits) = watch::channel(0);
        let writer = Arc::new(Mutex::new(Writer::new(Arc::clone(&backend), count)));
        let readers = Arc::new(Readers::new(Arc::clone(&backend), Arc::clone(&writer)));
        let (closing, flushing) = <(Arc<Notify>, Arc<Notify>)>::default();
        let committer = Committer {
            writer: Arc::clone(&writer),
            readers: Arc::clone(&readers),
            jobs: queue,
            closing: Arc::clone(&closing),
            flushing: Arc::clone(&flushing),
            claim,
        };
        tokio::spawn(committer.run());
        Ok(Self { backend, readers, writer, jobs, commits, closing, flushing, committing: Arc::default() })
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
        let mut change = change.into();
        if change.is_empty() {
            return Ok(());
        }
        let caller = Committing::enter(&self.committing);
        if self.backend.is_exclusive() && caller.is_alone() {
            // A caller that stays alone while others run commits without the detour to the
            // committer. SQLite does not wait for I/O of tokio, so this cannot be canceled
            // half-way.
            let mut submitted = Submitted { change, jobs: &self.jobs };
            tokio::task::yield_now().await;
            change = std::mem::take(&mut submitted.change);
            if caller.is_alone()
                && let Ok(mut writer) = self.writer.try_lock()
            {
                return writer.commit_one(change).await;
            }
        }
        let (done, answer) = oneshot::channel();
        // The channels' errors say nothing more.
        self.jobs.send(Job { change, done }).await.ok().ok_or_else(stopped)?;
        answer.await.ok().ok_or_else(stopped)?
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
        let mut writer = self.writer.lock().await;
        writer.defer(key.into(), statement)?;
        if !std::mem::replace(&mut writer.flush_is_scheduled, true) {
            self.flushing.notify_one();
        }
        Ok(())
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
