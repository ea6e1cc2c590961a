//! Which database it is: the only file that asks.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Once;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection};
use url::Url;

use crate::OpenError;

/// Where a service keeps its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An embedded SQLite file, of this process alone.
    Sqlite(PathBuf),
    /// A PostgreSQL database; each service has a schema of its own in it, and replicas share it.
    Postgres(Url),
}

impl DatabaseUrl {
    /// Reads `postgres://user@host/database`.
    ///
    /// # Errors
    /// When the text is not such a URL; the message says what would be.
    pub fn postgres(text: &str) -> Result<Self, OpenError> {
        let refuse = |why: &str| {
            OpenError {
            what: "cannot use this database URL".to_owned(),
            why: why.to_owned(),
            remedy: "give --database-url as postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE, or leave it out for the embedded SQLite"
                .to_owned(),
        }
        };
        let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
        match url.scheme() {
            "postgres" | "postgresql" if url.path().len() > 1 => Ok(Self::Postgres(url)),
            "postgres" | "postgresql" => Err(refuse("it names no database after the host")),
            other => Err(refuse(&format!("its scheme is '{other}'"))),
        }
    }
}

/// An open database and what is particular to its kind.
pub(crate) struct Backend {
    pub(crate) readers: AnyPool,
    options: AnyConnectOptions,
    kind: Kind,
    /// Held as long as the store lives: a second process on the same file would have its own idea of the clock.
    _lock: Option<File>,
}

#[derive(Clone)]
enum Kind {
    Sqlite,
    Postgres { schema: String },
}

static DRIVERS: Once = Once::new();

impl Backend {
    pub(crate) async fn open(url: &DatabaseUrl, schema: &str) -> Result<Self, OpenError> {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let (options, kind, lock, shown) = match url {
            DatabaseUrl::Sqlite(path) => {
                let lock = lock_file(path)?;
                (sqlite_options(path)?, Kind::Sqlite, Some(lock), path.display().to_string())
            }
            DatabaseUrl::Postgres(url) => {
                let options = AnyConnectOptions::from_str(url.as_str())
                    .map_err(|error| failed(url.as_str(), &error))?;
                (options, Kind::Postgres { schema: schema.to_owned() }, None, shown_url(url))
            }
        };
        let options = options.disable_statement_logging();
        let on_connect = kind.clone();
        let readers = AnyPoolOptions::new()
            .max_connections(if matches!(kind, Kind::Sqlite) { 4 } else { 8 })
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let kind = on_connect.clone();
                Box::pin(async move { kind.prepare(connection).await })
            });
        let backend = {
            // The schema has to exist before the pool's connections can enter it.
            let mut first = connect(&options).await.map_err(|error| failed(&shown, &error))?;
            kind.create(&mut first).await.map_err(|error| failed(&shown, &error))?;
            let _ = first.close().await;
            let readers =
                readers.connect_with(options.clone()).await.map_err(|error| failed(&shown, &error))?;
            Self { readers, options, kind, _lock: lock }
        };
        Ok(backend)
    }

    /// A connection for the one task that writes.
    pub(crate) async fn writer(&self) -> Result<AnyConnection, sqlx::Error> {
        let mut connection = connect(&self.options).await?;
        self.kind.prepare(&mut connection).await?;
        Ok(connection)
    }

    /// Begins a transaction that already holds the right to write, so that it cannot fail half way for want of it and
    /// commits follow each other in the order of what they read.
    pub(crate) async fn begin(&self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        match &self.kind {
            Kind::Sqlite => run(connection, "BEGIN IMMEDIATE").await,
            Kind::Postgres { schema } => {
                run(connection, "BEGIN").await?;
                sqlx::query("SELECT CAST(pg_advisory_xact_lock(hashtext($1)) AS TEXT)")
                    .bind(schema.clone())
                    .execute(connection)
                    .await
                    .map(drop)
            }
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
                for pragma in [
                    "PRAGMA busy_timeout = 10000",
                    "PRAGMA journal_mode = WAL",
                    "PRAGMA synchronous = NORMAL",
                    "PRAGMA foreign_keys = ON",
                    "PRAGMA cache_size = -1024",
                    "PRAGMA wal_autocheckpoint = 2000",
                ] {
                    run(connection, pragma).await?;
                }
                Ok(())
            }
            Self::Postgres { schema } => sqlx::query("SELECT set_config('search_path', $1, false)")
                .bind(schema.clone())
                .execute(connection)
                .await
                .map(drop),
        }
    }

    /// Makes the place where the service's tables live.
    async fn create(&self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        let Self::Postgres { schema } = self else { return Ok(()) };
        // Two replicas may start at once; CREATE SCHEMA IF NOT EXISTS alone is not safe against that.
        run(connection, "BEGIN").await?;
        run(connection, "SELECT CAST(pg_advisory_xact_lock(8700) AS TEXT)").await?;
        debug_assert!(
            schema.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
            "schemas are named by our own code"
        );
        let create = format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"");
        sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut *connection).await?;
        run(connection, "COMMIT").await
    }
}

async fn connect(options: &AnyConnectOptions) -> Result<AnyConnection, sqlx::Error> {
    options.connect().await
}

pub(crate) async fn run(connection: &mut AnyConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(drop)
}

fn sqlite_options(path: &Path) -> Result<AnyConnectOptions, OpenError> {
    let absolute = std::path::absolute(path).map_err(|error| failed(&path.display().to_string(), &error))?;
    let text =
        absolute.to_str().ok_or_else(|| failed(&path.display().to_string(), &"its path is not UTF-8"))?;
    let mut url = Url::parse("sqlite:///").map_err(|error| failed(text, &error))?;
    url.set_path(text);
    url.set_query(Some("mode=rwc"));
    AnyConnectOptions::from_str(url.as_str()).map_err(|error| failed(text, &error))
}

fn lock_file(path: &Path) -> Result<File, OpenError> {
    let lock = path.with_extension("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(|error| failed(&path.display().to_string(), &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError {
            what: format!("cannot open the database {}", path.display()),
            why: "another Outlive process is using it".to_owned(),
            remedy: "stop that process, or give this one its own --data directory; several replicas share state with --database-url"
                .to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(failed(&path.display().to_string(), &error)),
    }
}

/// The URL without its password.
fn shown_url(url: &Url) -> String {
    let mut shown = url.clone();
    let _ = shown.set_password(None);
    shown.to_string()
}

fn failed(shown: &str, why: &dyn std::fmt::Display) -> OpenError {
    OpenError {
        what: format!("cannot open the database {shown}"),
        why: why.to_string(),
        remedy: "check that the place exists, can be written and, for PostgreSQL, that the server runs and the URL names an existing database"
            .to_owned(),
    }
}
