//! SQLite, called synchronously.
//!
//! A statement takes microseconds, less than a switch to another thread and back, so it runs on the
//! caller's thread. (An occasional commit with a WAL checkpoint takes milliseconds.)

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ErrorCode, OpenFlags, ffi};

use crate::row::Cell;
use crate::{Row, Statement, Value};

/// The number of prepared statements cached per connection.
const STATEMENTS_KEPT: usize = 128;

/// WAL with synchronous=NORMAL survives a crash of the process at any instant; only a crash of the
/// machine can lose the last commits.
///
/// A commit writes every page that it touched, most of them for one short row of an index, so pages
/// of a new file are half as large as by default.
const PREPARATION: &str = "PRAGMA busy_timeout = 10000; PRAGMA page_size = 2048; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -512; \
     PRAGMA wal_autocheckpoint = 4000";

/// 4 MiB of pages for the connection that writes; a transaction that has changed more writes them
/// before its commit. (`cache_spill` with about as many pages would keep all of them until then.)
/// Others drop theirs whenever it commits.
const CACHE_OF_WRITER: &str = "PRAGMA cache_size = -4096";

/// What migrations contain, and its equivalent in SQLite.
const DIALECT: [(&str, &str); 3] = [
    ("/* WITHOUT ROWID */", "WITHOUT ROWID"),
    ("BIGINT NOT NULL PRIMARY KEY", "INTEGER NOT NULL PRIMARY KEY"),
    ("json_agg(", "json_group_array("),
];

/// Creates a database file that only its owner can read; SQLite creates its logs with the same
/// permissions. Errors are ignored here, because opening the file reports them.
fn create_for_owner(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// Opens the file with a lock for the whole life of this process instead of several per
/// transaction, and with the index of its log in memory that the connections of this process share.
/// No other process may use the file anyway ([`file_lock`](crate::file_lock)).
///
/// The connection that writes puts each transaction into the log at once.
#[cfg(unix)]
fn open_file(path: &Path, flags: OpenFlags, access: Access) -> Result<rusqlite::Connection, rusqlite::Error> {
    let vfs = match access {
        Access::Write => outlive_sqlite_log::vfs(),
        Access::Read => None,
    };
    rusqlite::Connection::open_with_flags_and_vfs(path, flags, vfs.unwrap_or(c"unix-excl"))
}

#[cfg(not(unix))]
fn open_file(path: &Path, flags: OpenFlags, _: Access) -> Result<rusqlite::Connection, rusqlite::Error> {
    rusqlite::Connection::open_with_flags(path, flags)
}

/// What a connection is for. A file has one connection that writes at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A connection to a file.
pub(crate) struct SqliteConnection {
    connection: Box<rusqlite::Connection>,
    /// What is known of statements, by the address and length of their text, which is a literal.
    known: HashMap<(usize, usize), Shape>,
}

/// The columns of a query and the parameters of a statement.
#[derive(Clone)]
struct Shape {
    columns: Arc<[String]>,
    /// The number of the value (`$2` is 2) of each parameter. To SQLite `$2` is a name, and
    /// parameters are numbered by first occurrence.
    parameters: Arc<[usize]>,
}

impl Shape {
    fn of(prepared: &CachedStatement<'_>) -> Self {
        let number = |place| prepared.parameter_name(place).and_then(|name| name[1..].parse().ok());
        Self {
            columns: prepared.column_names().into_iter().map(str::to_owned).collect(),
            // No value has the number 0.
            parameters: (1..=prepared.parameter_count())
                .map(|place| number(place).unwrap_or_default())
                .collect(),
        }
    }
}

impl SqliteConnection {
    /// Opens the file, creating it if it does not exist.
    pub(crate) fn open(path: &Path, access: Access) -> Result<Self, rusqlite::Error> {
        // Without SQLITE_OPEN_URI, no character of the name has a special meaning.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        create_for_owner(path);
        let connection = open_file(path, flags, access)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.execute_batch(PREPARATION)?;
        connection.execute_batch(match access {
            Access::Read => "PRAGMA query_only = ON",
            Access::Write => CACHE_OF_WRITER,
        })?;
        // Otherwise a statement is prepared again for each value of a parameter.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(Self { connection: Box::new(connection), known: HashMap::new() })
    }

    pub(crate) fn run_command(&mut self, words: &str) -> Result<(), rusqlite::Error> {
        if words.contains(';') {
            return self.connection.execute_batch(words);
        }
        self.connection.prepare_cached(words)?.raw_execute().map(drop)
    }

    pub(crate) fn execute(&mut self, statement: &Statement) -> Result<u64, rusqlite::Error> {
        let touched = self.bound(statement)?.0.raw_execute()?;
        Ok(u64::try_from(touched).unwrap_or(u64::MAX))
    }

    pub(crate) fn read(
        &mut self,
        statement: &Statement,
        only_first: bool,
    ) -> Result<Vec<Row>, rusqlite::Error> {
        let (mut bound, names) = self.bound(statement)?;
        let mut found = bound.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let cells =
                (0..names.len()).map(|index| row.get_ref(index).map(cell)).collect::<Result<_, _>>()?;
            rows.push(Row::of_cells(Arc::clone(&names), cells));
            if only_first {
                break;
            }
        }
        Ok(rows)
    }

    /// Prepares a statement and binds its parameters. Also returns its columns.
    fn bound(
        &mut self,
        statement: &Statement,
    ) -> Result<(CachedStatement<'_>, Arc<[String]>), rusqlite::Error> {
        let mut prepared = self.connection.prepare_cached(&statement.sql)?;
        let Shape { columns, parameters } = match statement.sql {
            Cow::Borrowed(text) => {
                let place = (text.as_ptr().addr(), text.len());
                self.known.entry(place).or_insert_with(|| Shape::of(&prepared)).clone()
            }
            Cow::Owned(_) => Shape::of(&prepared),
        };
        for (place, number) in (1..).zip(&*parameters) {
            let value = statement.values.get(number.wrapping_sub(1));
            let value = value.ok_or(rusqlite::Error::InvalidParameterCount(place, statement.values.len()))?;
            prepared.raw_bind_parameter(place, parameter(value))?;
        }
        Ok((prepared, columns))
    }
}

/// Adapts the statements of a migration. A table is stored in the order of its key instead of with
/// a separate index, which halves the pages written per row. A numeric key becomes the row id if
/// its type is INTEGER (as large as BIGINT here). PostgreSQL's `json_agg` has another name.
pub(crate) fn adapted(statements: &'static str) -> Cow<'static, str> {
    let mut adapted = Cow::Borrowed(statements);
    for (common, here) in DIALECT {
        if adapted.contains(common) {
            adapted = Cow::Owned(adapted.replace(common, here));
        }
    }
    adapted
}

fn parameter(value: &Value) -> ToSqlOutput<'_> {
    match value {
        Value::Int(Some(number)) => ToSqlOutput::from(*number),
        Value::Text(Some(text)) => match Value::storable(text) {
            Cow::Borrowed(text) => ToSqlOutput::from(text),
            Cow::Owned(text) => ToSqlOutput::from(text),
        },
        Value::Int(None) | Value::Text(None) => ToSqlOutput::Borrowed(ValueRef::Null),
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Nothing,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec()).map_or(Cell::Other, Cell::Text),
        ValueRef::Real(_) | ValueRef::Blob(_) => Cell::Other,
    }
}

pub(crate) fn is_unique_violation(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::ConstraintViolation
            && matches!(
                error.extended_code,
                ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            )
    })
}

#[cfg(test)]
mod tests {
    use super::adapted;

    #[test]
    fn a_table_lies_by_its_key_where_that_is_asked_for() {
        let names = "-- why\nCREATE TABLE names (\n    name TEXT NOT NULL,\n    PRIMARY KEY (name)\n) /* WITHOUT ROWID */";
        assert!(adapted(names).ends_with(") WITHOUT ROWID"));
        let lines = "CREATE TABLE lines (seq BIGINT NOT NULL PRIMARY KEY, at_us BIGINT NOT NULL)";
        assert_eq!(
            adapted(lines),
            "CREATE TABLE lines (seq INTEGER NOT NULL PRIMARY KEY, at_us BIGINT NOT NULL)"
        );
        let other = "UPDATE lines SET data = 'CREATE TABLE'";
        assert_eq!(adapted(other), other);
    }
}
