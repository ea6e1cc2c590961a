//! Transactions while files cannot grow. A test program of its own: the limit is that of a process.

#![cfg(unix)]

use std::fs;
use std::path::Path;

use outlive_sqlite_log::vfs;
use rusqlite::{Connection, OpenFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// The signal of a write beyond the limit, by default the end of the process.
const SIGXFSZ: i32 = 25;

/// Lets no file of this process become longer than this, in bytes.
fn limit(longest: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: longest.or(maximum), maximum }).expect("a lower limit");
}

/// Opens the database with a cache that is smaller than the transactions.
fn open(path: &Path) -> Connection {
    let vfs = vfs().expect("this system has it");
    let connection = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).expect("opens");
    connection
        .execute_batch(
            "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             PRAGMA cache_size = 12; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE things (key INTEGER PRIMARY KEY, value TEXT NOT NULL);
             CREATE INDEX things_by_value ON things (value);
             WITH RECURSIVE keys (key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM keys WHERE key < 40)
             INSERT INTO things SELECT key, hex(randomblob(300)) FROM keys",
        )
        .expect("is prepared");
    connection
}

fn keys(connection: &Connection) -> Vec<i64> {
    let integrity: String =
        connection.query_row("PRAGMA integrity_check", (), |row| row.get(0)).expect("an answer");
    assert_eq!(integrity, "ok");
    let mut query = connection.prepare("SELECT key FROM things ORDER BY key").expect("a query");
    let found = query.query_map((), |row| row.get(0)).expect("rows");
    found.collect::<Result<_, _>>().expect("numbers")
}

/// What a new process finds after a crash.
fn after_crash(path: &Path) -> Vec<i64> {
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("copy.db");
    for end in ["", "-wal"] {
        fs::copy(format!("{}{end}", path.display()), format!("{}{end}", copy.display())).expect("a copy");
    }
    keys(&Connection::open(&copy).expect("opens"))
}

/// Inserts a row for each of those with the 40 keys from `first` on, with a key that is larger by
/// `more`.
fn insert(connection: &Connection, first: i64, more: i64) -> Result<usize, rusqlite::Error> {
    connection.execute(
        "INSERT INTO things SELECT key + ?2, hex(randomblob(300)) FROM things WHERE key BETWEEN ?1 AND ?1 + 39",
        (first, more),
    )
}

/// A transaction of two parts, which `longest` limits from the second on. If that fails but not the
/// whole transaction, it is undone, and the rest is committed without a limit.
fn transaction(connection: &Connection, longest: u64, base: i64) -> Option<Vec<i64>> {
    let rows: Vec<i64> = keys(connection).into_iter().filter(|key| *key <= 40).collect();
    let part = |first: i64| rows.iter().map(move |key| key + first);
    connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
    insert(connection, 1, base).expect("there is room");
    connection.execute_batch("SAVEPOINT part").expect("begins");
    limit(Some(longest));
    // It reads what the first part has written.
    let inserted = insert(connection, base + 1, 1_000);
    let committed = if inserted.is_ok() { Some(connection.execute_batch("COMMIT")) } else { None };
    limit(None);
    let both = part(base).chain(part(base + 1_000)).collect();
    match committed {
        Some(Ok(())) => return Some(both),
        // It can be repeated.
        Some(Err(_)) if !connection.is_autocommit() => {
            connection.execute_batch("ROLLBACK").expect("ends");
            return None;
        }
        Some(Err(_)) => return None,
        None => {}
    }
    if connection.is_autocommit() {
        return None;
    }
    let undone = connection.execute_batch("ROLLBACK TO part");
    if undone.and_then(|()| connection.execute_batch("COMMIT")).is_ok() {
        return Some(part(base).collect());
    }
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").expect("ends");
    }
    None
}

#[tokio::test]
async fn what_is_committed_is_whole_although_writes_failed() {
    // The write fails instead.
    let _handled = signal(SignalKind::from_raw(SIGXFSZ)).expect("a signal");
    let (mut whole, mut failed) = (0, 0);
    for more in 0..40 {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("things.db");
        let connection = open(&path);
        let mut expected = keys(&connection);
        for (round, more) in [more * 6_144, 1 << 30, more * 12_288].into_iter().enumerate() {
            let log = fs::metadata(format!("{}-wal", path.display())).expect("a log").len();
            let base = 100 + 10_000 * i64::try_from(round).expect("few");
            match transaction(&connection, log + more, base) {
                Some(added) => {
                    expected.extend(added);
                    whole += 1;
                }
                None => failed += 1,
            }
            expected.sort_unstable();
            assert_eq!(keys(&connection), expected, "{more} bytes");
            assert_eq!(after_crash(&path), expected, "{more} bytes");
        }
        drop(connection);
        assert_eq!(keys(&Connection::open(&path).expect("opens")), expected);
    }
    assert!(whole > 60 && failed > 20, "{whole} and {failed}");
}
