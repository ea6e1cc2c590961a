//! The handle that services hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};

use crate::backend::Backend;
use crate::committer::Committer;
use crate::counts::Counters;
use crate::job::Job;
use crate::readers::Readers;
use crate::writer::{Writer, stopped};
use crate::{Change, DatabaseUrl, Migration, OpenError, Row, Statement, StoreCounts, StoreError, migrations};

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) backend: Arc<Backend>,
    readers: Arc<Readers>,
    writer: Arc<Mutex<Writer>>,
    /// Changes for the committer: one per caller that waits.
    jobs: mpsc::UnboundedSender<Job>,
    commits: watch::Receiver<u64>,
    revision: Arc<AtomicU64>,
    closing: Arc<Notify>,
    flushing: Arc<Notify>,
    next_group: Arc<NextGroup>,
    counters: Arc<Counters>,
}

/// Work on data that follow from others, such as an index that is written later. When it is done
/// says nothing about the data, so it is in no count, and subscribers of commits do not hear of it.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep<'a>(&'a Store);

impl Upkeep<'_> {
    /// As [`Store::row`].
    ///
    /// # Errors
    /// As [`Store::row`].
    pub async fn row(self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.0.readers.read_uncounted(&statement, true).await?.pop())
    }

    /// As [`Store::rows`].
    ///
    /// # Errors
    /// As [`Store::rows`].
    pub async fn rows(self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        self.0.readers.read_in_turn(&statement, false).await
    }

    /// As [`Store::commit`].
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn commit(self, change: Change) -> Result<(), StoreError> {
        self.0.commit(Change { is_upkeep: true, ..change }).await
    }
}

/// The group of changes that the next commit includes. The task that submits its first change leads
/// it: it commits all of them, unless it is canceled before.
#[derive(Default)]
struct NextGroup {
    jobs: parking_lot::Mutex<Vec<Job>>,
    /// Whether there are concurrent writers, judging by the group before.
    several: AtomicBool,
}

/// The leader of the next group, until it has closed it.
struct Leader<'a> {
    group: &'a NextGroup,
    jobs: &'a mpsc::UnboundedSender<Job>,
    has_closed: bool,
}

impl NextGroup {
    fn take(&self) -> Vec<Job> {
        let jobs = std::mem::take(&mut *self.jobs.lock());
        self.several.store(jobs.len() > 1, Ordering::Relaxed);
        jobs
    }

    /// Adds a change. Returns the leader if it is the first.
    fn submit<'a>(&'a self, job: Job, jobs: &'a mpsc::UnboundedSender<Job>) -> Option<Leader<'a>> {
        let mut group = self.jobs.lock();
        group.push(job);
        let is_first = group.len() == 1;
        is_first.then(|| Leader { group: self, jobs, has_closed: false })
    }
}

impl Leader<'_> {
    /// Closes the group: the next change begins another one.
    fn close(mut self) -> Vec<Job> {
        self.has_closed = true;
        self.group.take()
    }
}

impl Drop for Leader<'_> {
    /// The committer commits what the leader does not: it is canceled, or the writer is busy.
    fn drop(&mut self) {
        if self.has_closed {
            return;
        }
        for job in self.group.take() {
            // Fails only if the store is closed.
            let _ = self.jobs.send(job);
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
        let (backend, mut connection, claim) = Backend::open(url, schema).await?;
        migrations::apply(&backend, &mut connection, sets).await?;
        let backend = Arc::new(backend);
        let (jobs, queue) = mpsc::unbounded_channel();
        let (count, commits) = watch::channel(0);
        let counters = Arc::new(Counters::new());
        let revision = Arc::<AtomicU64>::default();
        let writer = Writer::new(
            (Arc::clone(&backend), connection),
            (count, Arc::clone(&revision)),
            Arc::clone(&counters),
        );
        let writer = Arc::new(Mutex::new(writer));
        let readers =
            Arc::new(Readers::new(Arc::clone(&backend), Arc::clone(&writer), Arc::clone(&counters)));
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
        Ok(Self {
            backend,
            readers,
            writer,
            jobs,
            commits,
            revision,
            closing,
            flushing,
            next_group: Arc::default(),
            counters,
        })
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

    /// Returns all rows of several queries, which see one state of the database. No change is
    /// committed meanwhile, by any process.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn read_together(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>, StoreError> {
        self.writer.lock().await.read_together(statements).await
    }

    /// Commits a change, together with other waiting changes, and returns when it is durable.
    ///
    /// The future must be polled or dropped: others may wait for it. If it is dropped, the change
    /// is committed nevertheless.
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
        let job = Job { change, done };
        if self.backend.is_exclusive() {
            if let Some(leader) = self.next_group.submit(job, &self.jobs) {
                self.lead(leader).await;
            }
        } else {
            // The channels' errors say nothing more.
            self.jobs.send(job).ok().ok_or_else(stopped)?;
        }
        answer.await.ok().ok_or_else(stopped)?
    }

    /// Commits a group on the leader's own thread, which spares the detour to the committer. SQLite
    /// does not wait for I/O of tokio, so the commit itself cannot be canceled.
    async fn lead(&self, leader: Leader<'_>) {
        // Other tasks that are ready submit their changes: a commit takes about the same time for
        // many changes as for one. Those of the group before that were not woken yet submit theirs
        // at the second opportunity.
        tokio::task::yield_now().await;
        if self.next_group.several.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        // A leader that waited could be granted the writer and not be polled.
        if let Ok(mut writer) = self.writer.try_lock() {
            writer.commit_jobs(leader.close()).await;
        }
    }

    /// Work on what follows from other data.
    #[must_use]
    pub const fn upkeep(&self) -> Upkeep<'_> {
        Upkeep(self)
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

    /// Returns a number that rises with every commit of this process that may have changed what is
    /// cached: with all but those of [uncached](Statement::uncached) statements. What was read at a
    /// revision, and what they do not change, is still the same at the same revision, if the store
    /// [is exclusive](Self::is_exclusive).
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// The number of reads of this process, for tests of query counts.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.counters.read().reads
    }

    /// Returns the work of this database since it was opened.
    #[must_use]
    pub fn counts(&self) -> StoreCounts {
        self.counters.read()
    }

    /// Whether only this process can change the data, so that it may cache them. Replicas that
    /// share a database must read again.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.backend.is_exclusive()
    }
}
