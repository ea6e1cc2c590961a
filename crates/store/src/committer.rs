//! The task that commits changes of concurrent callers: those that arrive during a commit share the
//! next one (group commit).

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::timeout;

use crate::job::Job;
use crate::readers::Readers;
use crate::writer::Writer;

/// Maximum number of changes per commit.
const GROUP_MAX: usize = 128;

/// How long, in wall time, a deferred statement waits for a commit.
const DEFERRED_MAX: Duration = Duration::from_millis(500);

pub(crate) struct Committer {
    pub(crate) writer: Arc<Mutex<Writer>>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) jobs: mpsc::UnboundedReceiver<Job>,
    pub(crate) closing: Arc<Notify>,
    /// Notified when a flush is scheduled.
    pub(crate) flushing: Arc<Notify>,
    /// The lock of this process on the database.
    pub(crate) claim: Option<File>,
}

impl Committer {
    pub(crate) async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        // Whether there are concurrent writers, judging by the last group.
        let mut many = false;
        // Whether deferred statements are flushed when `DEFERRED_MAX` is over.
        let mut flushes = false;
        loop {
            let wait = if flushes { DEFERRED_MAX } else { Duration::MAX };
            tokio::select! {
                biased;
                received = timeout(wait, self.jobs.recv_many(&mut group, GROUP_MAX)) => match received {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(_) => flushes = self.flush().await,
                },
                // Changes submitted before are still committed.
                () = self.closing.notified() => self.jobs.close(),
                () = self.flushing.notified() => flushes = true,
            }
            if many {
                self.gather(&mut group).await;
            }
            many = group.len() > 1;
            if !group.is_empty() {
                self.writer.lock().await.commit_jobs(group.drain(..)).await;
            }
        }
        let mut writer = self.writer.lock().await;
        writer.flush().await;
        self.readers.close().await;
        let claim = self.claim.take();
        writer.close(|| drop(claim)).await;
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

    /// Commits what is deferred. Returns whether another flush is scheduled, which is the case if
    /// anything was deferred.
    async fn flush(&self) -> bool {
        let mut writer = self.writer.lock().await;
        writer.flush_is_scheduled = writer.flush().await;
        writer.flush_is_scheduled
    }
}

impl Drop for Committer {
    /// Also after a panic, no caller waits for a task that has ended.
    fn drop(&mut self) {
        if let Ok(mut writer) = self.writer.try_lock() {
            writer.stop();
        }
    }
}
