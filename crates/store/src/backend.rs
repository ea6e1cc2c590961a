//! The two databases and their differences.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use crate::connection::{Connection, DatabaseError};
use crate::file_lock::{self, cannot_open};
use crate::postgres::Postgres;
use crate::sqlite::{self, Access, SqliteConnection};
use crate::{DatabaseUrl, OpenError};

/// The connect timeout, in wall time.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How to connect to a database.
pub(crate) enum Backend {
    Sqlite(PathBuf),
    Postgres(Postgres),
}

static DRIVERS: Once = Once::new();

impl Backend {
    /// Opens the database and creates the service's schema. Also returns the first connection, for
    /// writing, and a file: the lock of this process, where only one process is permitted; it must
    /// be held until the last write is done.
    pub(crate) async fn open(
        url: &DatabaseUrl,
        schema: &str,
    ) -> Result<(Self, Connection, Option<File>), OpenError> {
        let failed = |why: &dyn Display| cannot_open(url, why);
        let (backend, claim) = match url {
            DatabaseUrl::Sqlite(path) => {
                let claim = file_lock::claim(path).await?;
                (Self::Sqlite(absolute(path).map_err(|error| failed(&error))?), Some(claim))
            }
            DatabaseUrl::Postgres(url) => {
                DRIVERS.call_once(sqlx::any::install_default_drivers);
                (Self::Postgres(Postgres::new(url, schema).map_err(|error| failed(&error))?), None)
            }
        };
        let mut first = backend.connect_writer().await.map_err(|error| failed(&error))?;
        if let Self::Postgres(postgres) = &backend {
            first.run_command(&postgres.creation()).await.map_err(|error| failed(&error))?;
        }
        Ok((backend, first, claim))
    }

    pub(crate) async fn connect(&self) -> Result<Connection, DatabaseError> {
        match self {
            Self::Sqlite(path) => Ok(Connection::Sqlite(SqliteConnection::open(path, Access::Read)?)),
            Self::Postgres(postgres) => {
                let connecting = Box::pin(tokio::time::timeout(CONNECT_MAX, postgres.connect()));
                // The source says nothing more than `TooSlow`.
                Ok(Connection::Postgres(connecting.await.map_err(|_| DatabaseError::TooSlow)??))
            }
        }
    }

    /// Connects for writing, and for most reads, with the memory that this needs.
    pub(crate) async fn connect_writer(&self) -> Result<Connection, DatabaseError> {
        match self {
            Self::Sqlite(path) => Ok(Connection::Sqlite(SqliteConnection::open(path, Access::Write)?)),
            Self::Postgres(_) => self.connect().await,
        }
    }

    /// Begins a transaction that holds the write lock, so that it cannot fail later for lack of it
    /// and transactions are serialized.
    pub(crate) async fn begin(&self, connection: &mut Connection) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(_) => connection.run_command("BEGIN IMMEDIATE").await,
            Self::Postgres(postgres) => connection.run_command(&postgres.beginning()).await,
        }
    }

    /// Adapts a schema statement to this database.
    pub(crate) fn tables_as(&self, statement: &'static str) -> Cow<'static, str> {
        match self {
            Self::Sqlite(_) => sqlite::adapted(statement),
            Self::Postgres(_) => Cow::Borrowed(statement),
        }
    }

    /// Maximum number of concurrent reads.
    pub(crate) const fn readers(&self) -> usize {
        match self {
            Self::Sqlite(_) => 4,
            Self::Postgres(_) => 8,
        }
    }

    /// Whether only this process can change the data, so that it may cache them.
    pub(crate) const fn is_exclusive(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

/// Returns the absolute path. A path that is not UTF-8 is rejected, because messages include it.
fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    if absolute.to_str().is_none() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "its path is not UTF-8"));
    }
    Ok(absolute)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Services cache what only they can change. A slow read must not delay all others.
    #[test]
    fn only_a_file_belongs_to_one_process_and_each_has_several_readers() {
        let server = "postgres://outlive@localhost/outlive".parse().expect("a URL");
        let server = Backend::Postgres(Postgres::new(&server, "idp").expect("is a server"));
        let file = Backend::Sqlite(PathBuf::from("idp.db"));
        assert!(file.is_exclusive() && !server.is_exclusive());
        assert!(file.readers() > 1 && server.readers() > 1);
    }
}
