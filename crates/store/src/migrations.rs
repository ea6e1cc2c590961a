//! Schema migrations.

use std::fmt::Display;

use include_dir::Dir;
use outlive_clock::wall_now;

use crate::backend::Backend;
use crate::connection::{Connection, DatabaseError};
use crate::{OpenError, StoreError, sql};

/// The table of the migrations that were applied.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (migration_set TEXT NOT NULL, \
    version BIGINT NOT NULL, name TEXT NOT NULL, applied_us BIGINT NOT NULL, \
    PRIMARY KEY (migration_set, version))";

/// One migration, applied once and never edited after its release.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The version: from 1 without gaps within a list.
    pub version: i64,
    /// A short name.
    pub name: &'static str,
    /// Statements, each ending with `;`. `/* WITHOUT ROWID */` at the end marks a table of small
    /// rows that are read by primary key. `json_agg` of texts is understood.
    pub sql: &'static str,
}

impl Migration {
    /// The migrations of an embedded directory, in order: files `0001_name.sql`, `0002_other.sql`,
    /// and so on. A file with another name gets the version 0, with which no database opens.
    #[must_use]
    pub fn in_directory(directory: &'static Dir<'static>) -> Vec<Self> {
        let mut migrations: Vec<_> = directory
            .files()
            .map(|file| {
                let stem = file.path().file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                let (number, name) = stem.split_once('_').unwrap_or_default();
                let version = number.parse().unwrap_or_default();
                Self { version, name, sql: file.contents_utf8().unwrap_or_default() }
            })
            .collect();
        migrations.sort_by_key(|migration| migration.version);
        migrations
    }
}

/// Embeds the directory `migrations` of the calling crate, for a static of the type
/// `LazyLock<Vec<Migration>>`.
#[macro_export]
macro_rules! migrations {
    () => {
        std::sync::LazyLock::new(|| {
            use $crate::include_dir;
            static DIRECTORY: include_dir::Dir<'static> =
                include_dir::include_dir!("$CARGO_MANIFEST_DIR/migrations");
            $crate::Migration::in_directory(&DIRECTORY)
        })
    };
}

/// Applies missing migrations in one transaction under the write lock, so that replicas that start
/// concurrently apply them once.
///
/// `sets` are named lists: those of the journal and of the service are versioned separately.
pub(crate) async fn apply(
    backend: &Backend,
    connection: &mut Connection,
    sets: &[(&str, &[Migration])],
) -> Result<(), OpenError> {
    let names: Vec<_> = sets.iter().map(|(name, _)| *name).collect();
    let failed = |why: DatabaseError| cannot_migrate(&names.join(", "), &why);
    backend.begin(connection).await.map_err(failed)?;
    connection.run_command(TABLE).await.map_err(failed)?;
    for (name, migrations) in sets {
        apply_set(backend, connection, name, migrations).await.map_err(|why| cannot_migrate(name, &why))?;
    }
    connection.run_command("COMMIT").await.map_err(failed)
}

/// Applies the missing migrations of a list in the current transaction.
async fn apply_set(
    backend: &Backend,
    connection: &mut Connection,
    set: &str,
    migrations: &[Migration],
) -> Result<(), String> {
    if !(1..).zip(migrations).all(|(version, migration)| version == migration.version) {
        return Err("its migrations are not numbered from 1 without gaps".to_owned());
    }
    let applied = newest(connection, set).await.map_err(|error| error.to_string())?;
    let known = migrations.last().map_or(0, |migration| migration.version);
    if applied > known {
        return Err(format!("they are at version {applied}, this program knows {known}"));
    }
    for migration in migrations.iter().filter(|migration| migration.version > applied) {
        let failed = |error| format!("{}: {error}", migration.name);
        // All statements in one exchange with the server.
        connection.run_command(&backend.tables_as(migration.sql)).await.map_err(failed)?;
        let line = sql!(
            "INSERT INTO migrations (migration_set, version, name, applied_us) VALUES ($1, $2, $3, $4)",
            set,
            migration.version,
            migration.name,
            wall_now()
        );
        connection.execute(&line).await.map_err(failed)?;
    }
    Ok(())
}

async fn newest(connection: &mut Connection, set: &str) -> Result<i64, StoreError> {
    let newest =
        sql!("SELECT COALESCE(MAX(version), 0) AS version FROM migrations WHERE migration_set = $1", set);
    connection.read(&newest, true).await?.first().map_or(Ok(0), |row| row.int("version"))
}

fn cannot_migrate(sets: &str, why: &dyn Display) -> OpenError {
    OpenError {
        what: format!("cannot bring the tables of {sets} up to date"),
        why: why.to_string(),
        remedy: "if this data was written by a newer Outlive, use that version, or start with an empty data directory".to_owned(),
    }
}
