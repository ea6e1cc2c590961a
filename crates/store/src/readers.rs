//! The connections that read.
//!
//! A pool of our own, for both databases: sqlx's pings a connection each time it comes back, in a task of its own, which takes
//! as long as a read. Here a connection that failed is not used again, and one that was lost while it was idle is replaced
//! without the reader noticing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::backend::Backend;
use crate::connection::{Connection, DatabaseError};
use crate::{Row, Statement, StoreError};

/// How long, in wall time, a read may take, waiting for its turn included.
const READ_MAX: Duration = Duration::from_secs(30);

pub(crate) struct Readers {
    backend: Arc<Backend>,
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
    reads: AtomicU64,
}

impl Readers {
    pub(crate) fn new(backend: Arc<Backend>) -> Self {
        let turns = Semaphore::new(backend.readers());
        Self { backend, idle: Mutex::default(), turns, reads: AtomicU64::new(0) }
    }

    /// How many reads there were.
    pub(crate) fn count(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Reads all rows that a statement gives, or the first.
    pub(crate) async fn read(&self, statement: &Statement, only_first: bool) -> Result<Vec<Row>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let reading = async {
            let _turn =
                self.turns.acquire().await.map_err(|_| StoreError::Failed("it is closed".to_owned()))?;
            let idle = self.idle().pop();
            if let Some(connection) = idle {
                match self.read_on(connection, statement, only_first).await {
                    // The others were idle as long and went the same way.
                    Err(error) if error.is_lost() => self.idle().clear(),
                    result => return result.map_err(StoreError::from),
                }
            }
            Ok(self.read_on(self.backend.connect().await?, statement, only_first).await?)
        };
        let too_long = |_| Err(StoreError::Failed("it does not answer".to_owned()));
        tokio::time::timeout(READ_MAX, reading).await.unwrap_or_else(too_long)
    }

    /// Reads, and keeps the connection unless something is wrong with it, or the reader goes away before the end.
    async fn read_on(
        &self,
        mut connection: Connection,
        statement: &Statement,
        only_first: bool,
    ) -> Result<Vec<Row>, DatabaseError> {
        let result = connection.read(statement, only_first).await;
        if result.as_ref().err().is_none_or(DatabaseError::is_refusal) {
            self.idle().push(connection);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets reads under way finish, refuses all others, and closes the connections.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(self.backend.readers()).unwrap_or(u32::MAX);
        if let Ok(turns) = self.turns.acquire_many(all).await {
            self.turns.close();
            drop(turns);
        }
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            connection.close().await;
        }
    }
}
