//! The work of a database since the start of the process.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::value::Value;
use crate::{Change, Statement, StoreError};

/// The work of a database, or of all databases of the process, without [`Upkeep`](crate::Upkeep).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Changes that were committed.
    pub changes: u64,
    /// Transactions that committed them. Concurrent changes share one.
    pub commits: u64,
    /// Statements of the changes.
    pub statements: u64,
    /// Bytes of the parameters of those statements.
    pub bytes: u64,
    /// Deferred statements ([`Store::commit_soon`](crate::Store::commit_soon)).
    pub deferred: u64,
    /// Transactions of deferred statements alone.
    pub flushes: u64,
    /// Queries.
    pub reads: u64,
}

static OF_PROCESS: Counters = Counters::new();

/// Returns the work of all databases of this process.
#[must_use]
pub fn counts_of_process() -> StoreCounts {
    OF_PROCESS.read()
}

/// The counters behind [`StoreCounts`].
pub(crate) struct Counters {
    changes: AtomicU64,
    commits: AtomicU64,
    statements: AtomicU64,
    bytes: AtomicU64,
    deferred: AtomicU64,
    flushes: AtomicU64,
    reads: AtomicU64,
}

impl Counters {
    pub(crate) const fn new() -> Self {
        Self {
            changes: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            statements: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            deferred: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
            reads: AtomicU64::new(0),
        }
    }

    pub(crate) fn read(&self) -> StoreCounts {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreCounts {
            changes: value(&self.changes),
            commits: value(&self.commits),
            statements: value(&self.statements),
            bytes: value(&self.bytes),
            deferred: value(&self.deferred),
            flushes: value(&self.flushes),
            reads: value(&self.reads),
        }
    }

    pub(crate) fn count_read(&self) {
        for counters in [self, &OF_PROCESS] {
            counters.reads.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a transaction: the changes that succeeded, and the deferred statements.
    pub(crate) fn count_commit(
        &self,
        deferred: usize,
        changes: &[Change],
        results: &[Result<(), StoreError>],
    ) {
        let mut done = StoreCounts::default();
        let counted = changes.iter().zip(results).filter(|(change, _)| !change.is_upkeep);
        for (change, _) in counted.filter(|(_, result)| result.is_ok()) {
            done.changes += u64::from(!change.is_empty());
            done.statements += change.statements.len() as u64;
            done.bytes += change.statements.iter().map(parameter_bytes).sum::<u64>();
        }
        done.commits = u64::from(done.changes > 0);
        // A transaction that fails as a whole leaves the deferred statements deferred.
        if !matches!(results, [Err(_)]) {
            done.deferred = deferred as u64;
            done.flushes = u64::from(deferred > 0 && done.changes == 0);
        }
        for counters in [self, &OF_PROCESS] {
            counters.add(&done);
        }
    }

    fn add(&self, done: &StoreCounts) {
        self.changes.fetch_add(done.changes, Ordering::Relaxed);
        self.commits.fetch_add(done.commits, Ordering::Relaxed);
        self.statements.fetch_add(done.statements, Ordering::Relaxed);
        self.bytes.fetch_add(done.bytes, Ordering::Relaxed);
        self.deferred.fetch_add(done.deferred, Ordering::Relaxed);
        self.flushes.fetch_add(done.flushes, Ordering::Relaxed);
    }
}

fn parameter_bytes(statement: &Statement) -> u64 {
    let bytes = |value: &Value| match value {
        Value::Int(number) => number.map_or(0, |_| size_of::<i64>()),
        Value::Text(text) => text.as_ref().map_or(0, String::len),
    };
    statement.values.iter().map(bytes).sum::<usize>() as u64
}
