//! Any transactions leave the same database as without this crate, also after a crash.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fs;
use std::path::Path;

use outlive_sqlite_log::vfs;
use proptest::prelude::*;
use rusqlite::{Connection, OpenFlags};

type Rows = BTreeMap<u32, Vec<u8>>;

#[derive(Debug, Clone)]
enum Step {
    /// Writes rows from a key on, of a length each.
    Put { first: u32, rows: u32, length: usize },
    /// Deletes rows.
    Delete { first: u32, rows: u32 },
    /// Reads all rows within the transaction.
    Read,
    /// Steps that are rolled back to a savepoint.
    Undone(Vec<Step>),
}

#[derive(Debug, Clone)]
struct Transaction {
    steps: Vec<Step>,
    is_rolled_back: bool,
    /// What happens after it.
    after: After,
}

#[derive(Debug, Clone, Copy)]
enum After {
    Nothing,
    /// `PRAGMA wal_checkpoint`, with this mode.
    Checkpoint(&'static str),
    /// The connection is closed, and opened again.
    Reopen,
}

fn simple_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..300_u32, 1..60_u32, 0..1_500_usize)
            .prop_map(|(first, rows, length)| Step::Put { first, rows, length }),
        1 => (0..300_u32, 1..60_u32).prop_map(|(first, rows)| Step::Delete { first, rows }),
        1 => Just(Step::Read),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => simple_step(),
        1 => prop::collection::vec(simple_step(), 1..4).prop_map(Step::Undone),
    ]
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let after = prop_oneof![
        6 => Just(After::Nothing),
        1 => Just(After::Checkpoint("PASSIVE")),
        1 => Just(After::Checkpoint("RESTART")),
        1 => Just(After::Checkpoint("TRUNCATE")),
        1 => Just(After::Reopen),
    ];
    (prop::collection::vec(step(), 1..6), prop::bool::weighted(0.2), after)
        .prop_map(|(steps, is_rolled_back, after)| Transaction { steps, is_rolled_back, after })
}

fn open(path: &Path, vfs: &CStr, cache: u32) -> Connection {
    let connection =
        Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).expect("it can be opened");
    // A transaction can have more pages than the cache, which writes them before the commit.
    connection
        .execute_batch(&format!(
            "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             PRAGMA cache_size = {cache}; PRAGMA wal_autocheckpoint = 200;
             CREATE TABLE IF NOT EXISTS rows (key INTEGER PRIMARY KEY, value BLOB NOT NULL);
             CREATE INDEX IF NOT EXISTS rows_by_value ON rows (value)"
        ))
        .expect("it is prepared");
    connection
}

fn rows(connection: &Connection) -> Rows {
    let mut query = connection.prepare_cached("SELECT key, value FROM rows").expect("a query");
    let found = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    found.collect::<Result<_, _>>().expect("rows")
}

fn take(connection: &Connection, step: &Step, expected: &mut Rows, seed: &mut u8) {
    match step {
        Step::Put { first, rows, length } => {
            let mut put = connection
                .prepare_cached("INSERT OR REPLACE INTO rows VALUES (?1, ?2)")
                .expect("it succeeds");
            for key in *first..first + rows {
                *seed = seed.wrapping_mul(31).wrapping_add(7);
                let value = vec![*seed; *length];
                put.execute((key, &value)).expect("it succeeds");
                expected.insert(key, value);
            }
        }
        Step::Delete { first, rows } => {
            connection
                .execute("DELETE FROM rows WHERE key BETWEEN ?1 AND ?2", (first, first + rows))
                .expect("it succeeds");
            expected.retain(|key, _| !(*first..=first + rows).contains(key));
        }
        Step::Read => assert!(rows(connection) == *expected),
        Step::Undone(steps) => {
            let before = expected.clone();
            connection.execute_batch("SAVEPOINT undone").expect("it succeeds");
            for step in steps {
                take(connection, step, expected, seed);
            }
            connection.execute_batch("ROLLBACK TO undone; RELEASE undone").expect("it succeeds");
            *expected = before;
        }
    }
}

/// What a new process finds after a crash: the files as they are.
fn after_crash(path: &Path) -> Rows {
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("copy.db");
    for end in ["", "-wal"] {
        let of = |path: &Path| format!("{}{end}", path.display());
        if Path::new(&of(path)).exists() {
            fs::copy(of(path), of(&copy)).expect("a copy");
        }
    }
    let connection = Connection::open(&copy).expect("it can be opened");
    let integrity: String =
        connection.query_row("PRAGMA integrity_check", (), |row| row.get(0)).expect("it succeeds");
    assert_eq!(integrity, "ok");
    rows(&connection)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn transactions_survive_as_they_ended(
        transactions in prop::collection::vec(transaction(), 1..12),
        cache in prop::sample::select(vec![12, 40, 100]),
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("database.db");
        let vfs = vfs().expect("this system has it");
        let mut writer = Some(open(&path, vfs, cache));
        let reader = open(&path, c"unix-excl", cache);
        let (mut expected, mut seed) = (Rows::new(), 1);
        for transaction in &transactions {
            let before = expected.clone();
            let connection = writer.as_ref().expect("it is open");
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            for step in &transaction.steps {
                take(connection, step, &mut expected, &mut seed);
            }
            // A crash in the middle, and others that read meanwhile.
            prop_assert!(after_crash(&path) == before);
            prop_assert!(rows(&reader) == before);
            if transaction.is_rolled_back {
                connection.execute_batch("ROLLBACK").unwrap();
                expected = before;
            } else {
                connection.execute_batch("COMMIT").unwrap();
            }
            prop_assert!(after_crash(&path) == expected);
            prop_assert!(rows(&reader) == expected);
            match transaction.after {
                After::Nothing => {}
                After::Checkpoint(mode) => {
                    let pragma = format!("PRAGMA wal_checkpoint({mode})");
                    connection.query_row(&pragma, (), |_| Ok(())).unwrap();
                }
                After::Reopen => {
                    drop(writer.take());
                    writer = Some(open(&path, vfs, cache));
                }
            }
            prop_assert!(writer.as_ref().is_some_and(|writer| rows(writer) == expected));
        }
        drop(reader);
        drop(writer);
        prop_assert!(after_crash(&path) == expected);
    }
}
