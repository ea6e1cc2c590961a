//! The pool of read connections.
//!
//! It replaces sqlx's pool, which pings each returned connection in a separate task; that takes as
//! long as a read. Here a failed connection is not reused, and one that was lost while idle is
//! replaced transparently.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::backend::Backend;
use crate::connection::{Connection, DatabaseError};
use crate::counts::Counters;
use crate::writer::Writer;
use crate::{Row, Statement, StoreError};

/// The read timeout, in wall time, including the wait for a connection.
const READ_MAX: Duration = Duration::from_secs(30);

pub(crate) struct Readers {
    backend: Arc<Backend>,
    writer: Arc<tokio::sync::Mutex<Writer>>,
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
    counters: Arc<Counters>,
}

impl Readers {
    pub(crate) fn new(
        backend: Arc<Backend>,
        writer: Arc<tokio::sync::Mutex<Writer>>,
        counters: Arc<Counters>,
    ) -> Self {
        let turns = Semaphore::new(backend.readers());
        Self { backend, writer, idle: Mutex::default(), turns, counters }
    }

    /// As [`Readers::read`], for a query with few rows. SQLite drops the page cache of a connection
    /// when another one commits, so the connection that writes answers several times as fast, if it
    /// is idle.
    pub(crate) async fn read_soon(
        &self,
        statement: &Statement,
        only_first: bool,
    ) -> Result<Vec<Row>, StoreError> {
        self.counters.count_read();
        self.read_uncounted(statement, only_first).await
    }

    /// As [`Readers::read_soon`], but not counted.
    pub(crate) async fn read_uncounted(
        &self,
        statement: &Statement,
        only_first: bool,
    ) -> Result<Vec<Row>, StoreError> {
        if self.backend.is_exclusive()
            && let Ok(mut writer) = self.writer.try_lock()
            && let Some(rows) = writer.read(statement, only_first).await
        {
            return rows;
        }
        self.read_in_turn(statement, only_first).await
    }

    /// Returns the rows of a query, or only the first.
    pub(crate) async fn read(&self, statement: &Statement, only_first: bool) -> Result<Vec<Row>, StoreError> {
        self.counters.count_read();
        self.read_in_turn(statement, only_first).await
    }

    /// As [`Readers::read`], but not counted.
    pub(crate) async fn read_in_turn(
        &self,
        statement: &Statement,
        only_first: bool,
    ) -> Result<Vec<Row>, StoreError> {
        let reading = async {
            // The source says the same.
            let _turn =
                self.turns.acquire().await.map_err(|_| StoreError::Failed("it is closed".to_owned()))?;
            let idle = self.idle.lock().pop();
            let was_idle = idle.is_some();
            let connection = match idle {
                Some(connection) => connection,
                None => self.backend.connect().await?,
            };
            match self.read_on(connection, statement, only_first).await {
                // The other idle connections are lost as well.
                Err(error) if was_idle && error.is_lost() => self.idle.lock().clear(),
                Err(error) if error.is_deadlock() => {}
                result => return result.map_err(StoreError::from),
            }
            Ok(self.read_on(self.backend.connect().await?, statement, only_first).await?)
        };
        let too_long = |_| Err(StoreError::Failed("it does not answer".to_owned()));
        tokio::time::timeout(READ_MAX, reading).await.unwrap_or_else(too_long)
    }

    /// Reads, and returns the connection to the pool unless it failed or the read was canceled.
    async fn read_on(
        &self,
        mut connection: Connection,
        statement: &Statement,
        only_first: bool,
    ) -> Result<Vec<Row>, DatabaseError> {
        let result = connection.read(statement, only_first).await;
        if result.as_ref().err().is_none_or(DatabaseError::is_refusal) {
            self.idle.lock().push(connection);
        }
        result
    }

    /// Waits for active reads, rejects new ones, and closes the connections.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(self.backend.readers()).unwrap_or(u32::MAX);
        if let Ok(turns) = self.turns.acquire_many(all).await {
            self.turns.close();
            drop(turns);
        }
        let idle = std::mem::take(&mut *self.idle.lock());
        for connection in idle {
            connection.close().await;
        }
    }
}
