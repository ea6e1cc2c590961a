//! Which database it is, and what is particular to each.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use crate::connection::{Connection, DatabaseError};
use crate::postgres::Postgres;
use crate::sqlite::{self, SqliteConnection};
use crate::{DatabaseUrl, OpenError, file_lock};

/// How long, in wall time, a database may take to let somebody in.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The way to a database.
pub(crate) enum Backend {
    Sqlite(PathBuf),
    Postgres(Postgres),
}

static DRIVERS: Once = Once::new();

impl Backend {
    /// Finds the database and makes the place where the service's tables live. The file is this process's claim on it, where
    /// there must be only one: to be kept until the last write is done.
    pub(crate) async fn open(url: &DatabaseUrl, schema: &str) -> Result<(Self, Option<File>), OpenError> {
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
        let mut first = backend.connect().await.map_err(|error| failed(&error))?;
        if let Self::Postgres(postgres) = &backend {
            first.say(&postgres.creation()).await.map_err(|error| failed(&error))?;
        }
        first.close().await;
        Ok((backend, claim))
    }

    /// A new connection, ready for use.
    pub(crate) async fn connect(&self) -> Result<Connection, DatabaseError> {
        match self {
            Self::Sqlite(path) => Ok(Connection::Sqlite(SqliteConnection::open(path)?)),
            Self::Postgres(postgres) => {
                let connecting = tokio::time::timeout(CONNECT_MAX, postgres.connect());
                Ok(Connection::Postgres(connecting.await.map_err(|_| DatabaseError::TooSlow)??))
            }
        }
    }

    /// Begins a transaction that already holds the right to write, so that it cannot fail half way for want of it and
    /// commits follow each other in the order of what they read.
    pub(crate) async fn begin(&self, connection: &mut Connection) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(_) => connection.say("BEGIN IMMEDIATE").await,
            Self::Postgres(postgres) => connection.say(&postgres.beginning()).await,
        }
    }

    /// A statement of a schema as this database stores it best.
    pub(crate) fn tables_as(&self, statement: &'static str) -> Cow<'static, str> {
        match self {
            Self::Sqlite(_) => sqlite::tables_by_key(statement),
            Self::Postgres(_) => Cow::Borrowed(statement),
        }
    }

    /// How many reads can be under way at once.
    pub(crate) const fn readers(&self) -> usize {
        match self {
            Self::Sqlite(_) => 4,
            Self::Postgres(_) => 8,
        }
    }

    /// Whether this process is the only one that can change the data, so that what it remembers needs no reading again.
    pub(crate) const fn is_exclusive(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

/// The file by a path that does not depend on where the process is. A name that is no text is refused: people are told of it.
fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    if absolute.to_str().is_none() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "its path is not UTF-8"));
    }
    Ok(absolute)
}

pub(crate) fn cannot_open(shown: &dyn Display, why: &dyn Display) -> OpenError {
    OpenError {
        what: format!("cannot open the database {shown}"),
        why: why.to_string(),
        remedy: "check that the place exists, can be written and, for PostgreSQL, that the server runs and the URL names an existing database"
            .to_owned(),
    }
}
