//! Which database it is: the only file that asks.

use std::fmt::Display;
use std::fs::File;
use std::path::Path;
use std::str::FromStr;
use std::sync::Once;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions, Connection};
use url::Url;

use crate::{DatabaseUrl, OpenError, file_lock};

/// How long, in wall time, a database may take to let somebody in.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The way to a database, and what is particular to its kind.
pub(crate) struct Backend {
    options: AnyConnectOptions,
    kind: Kind,
}

enum Kind {
    Sqlite,
    Postgres { schema: String },
}

static DRIVERS: Once = Once::new();

impl Backend {
    /// Finds the database and makes the place where the service's tables live. The file is this process's claim on it, where
    /// there must be only one: to be kept until the last write is done.
    pub(crate) async fn open(url: &DatabaseUrl, schema: &str) -> Result<(Self, Option<File>), OpenError> {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let failed = |why: &dyn Display| cannot_open(url, why);
        let (options, kind, claim) = match url {
            DatabaseUrl::Sqlite(path) => (
                sqlite_url(path).map_err(|why| failed(&why))?,
                Kind::Sqlite,
                Some(file_lock::claim(path).await?),
            ),
            DatabaseUrl::Postgres(url) => (url.clone(), Kind::Postgres { schema: schema.to_owned() }, None),
        };
        let options = AnyConnectOptions::from_str(options.as_str()).map_err(|error| failed(&error))?;
        let backend = Self { options: options.disable_statement_logging(), kind };
        let mut first = backend.connect().await.map_err(|error| failed(&error))?;
        backend.kind.create(&mut first).await.map_err(|error| failed(&error))?;
        let _ = first.close().await;
        Ok((backend, claim))
    }

    /// A new connection, ready for use.
    pub(crate) async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        let connecting = async {
            let mut connection = self.options.connect().await?;
            self.kind.prepare(&mut connection).await?;
            Ok(connection)
        };
        tokio::time::timeout(CONNECT_MAX, connecting).await.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut))
    }

    /// Begins a transaction that already holds the right to write, so that it cannot fail half way for want of it and
    /// commits follow each other in the order of what they read. Answers what is still to be said before its first statement.
    pub(crate) async fn begin(
        &self,
        connection: &mut AnyConnection,
    ) -> Result<&'static [&'static str], sqlx::Error> {
        match &self.kind {
            Kind::Sqlite => Ok(&["BEGIN IMMEDIATE"]),
            Kind::Postgres { schema } => {
                // READ COMMITTED: every statement sees what was committed before this one got the lock.
                let begin = format!(
                    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(hashtext('{schema}'))"
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(connection).await?;
                Ok(&[])
            }
        }
    }

    /// How many statements with parameters can be handed over at once; PostgreSQL's protocol takes them one by one. More than
    /// one also means that the database knows `changes()` and `abs` as SQLite does.
    pub(crate) const fn statements_at_once(&self) -> usize {
        match self.kind {
            Kind::Sqlite => 8,
            Kind::Postgres { .. } => 1,
        }
    }

    /// How many reads can be under way at once.
    pub(crate) const fn readers(&self) -> usize {
        match self.kind {
            Kind::Sqlite => 4,
            Kind::Postgres { .. } => 8,
        }
    }

    /// Whether this process is the only one that can change the data, so that what it remembers needs no reading again.
    pub(crate) const fn is_exclusive(&self) -> bool {
        matches!(self.kind, Kind::Sqlite)
    }
}

impl Kind {
    /// Prepares each new connection.
    async fn prepare(&self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        match self {
            // WAL with synchronous=NORMAL survives the death of the process at any instant (what was committed is with the
            // operating system); only a failing machine can lose the last commits.
            Self::Sqlite => {
                run(
                    connection,
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
                     PRAGMA foreign_keys = ON; PRAGMA cache_size = -1024; PRAGMA wal_autocheckpoint = 2000",
                )
                .await
            }
            Self::Postgres { schema } => sqlx::query(
                "SELECT set_config('search_path', $1, false), set_config('application_name', $1, false)",
            )
            .bind(schema.clone())
            .execute(connection)
            .await
            .map(drop),
        }
    }

    /// Makes the place where the service's tables live.
    async fn create(&self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        let Self::Postgres { schema } = self else { return Ok(()) };
        assert!(
            schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
            "schemas are named by our own code"
        );
        // Two replicas may start at once; CREATE SCHEMA IF NOT EXISTS alone is not safe against that.
        let create = format!(
            "BEGIN; SELECT pg_advisory_xact_lock(8700); CREATE SCHEMA IF NOT EXISTS \"{schema}\"; COMMIT"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(connection).await.map(drop)
    }
}

/// Whether an error means that the connection is gone, rather than that the statement was refused. PostgreSQL says so in words
/// (SQLSTATE class 08, and 57P01 to 57P03 when it stops or starts) if it still can.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.len() == 5 && (code.starts_with("57P") || code.starts_with("08"))),
        sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::Encode(_)
        | sqlx::Error::AnyDriverError(_)
        | sqlx::Error::RowNotFound => false,
        _ => true,
    }
}

/// Runs statements without parameters.
pub(crate) async fn run(connection: &mut AnyConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

fn sqlite_url(path: &Path) -> Result<Url, String> {
    let absolute = std::path::absolute(path).map_err(|error| error.to_string())?;
    let text = absolute.to_str().ok_or("its path is not UTF-8")?;
    let mut url = Url::parse("sqlite:///").map_err(|error| error.to_string())?;
    // A path may hold what would be an escape in a URL; everything else is escaped by itself.
    url.set_path(&text.replace('%', "%25"));
    url.set_query(Some("mode=rwc"));
    Ok(url)
}

pub(crate) fn cannot_open(shown: &dyn Display, why: &dyn Display) -> OpenError {
    OpenError {
        what: format!("cannot open the database {shown}"),
        why: why.to_string(),
        remedy: "check that the place exists, can be written and, for PostgreSQL, that the server runs and the URL names an existing database"
            .to_owned(),
    }
}
