//! A commit to SQLite writes to its log once, however many pages it has. A test program of its own:
//! the calls of all threads of a process are counted together.

// Only Linux counts them for a process.
#![cfg(target_os = "linux")]

use std::io::Write as _;

use outlive_store::{Change, DatabaseUrl, Migration, Store, sql};

const TABLES: &[Migration] = &[Migration {
    version: 1,
    name: "things",
    sql: "CREATE TABLE things (
    tenant TEXT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX things_by_name ON things (tenant, name);
",
}];

/// How often this process has called the system to write; zero if the system does not count.
fn writes() -> u64 {
    let counts = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let written = counts.lines().find_map(|line| line.strip_prefix("syscw: "));
    written.and_then(|number| number.parse().ok()).unwrap_or(0)
}

async fn commit(store: &Store, id: i64) {
    let mut change = Change::new();
    for (id, name) in [(id, "a"), (id + 1_000, "b")] {
        let name = format!("{name}{}", id * 7_919 % 1_000);
        change.add(sql!("INSERT INTO things (tenant, id, name) VALUES ($1, $2, $3)", "t", id, name));
    }
    store.commit(change).await.expect("is written");
}

#[tokio::test]
async fn a_commit_is_one_write() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let url = DatabaseUrl::Sqlite(directory.path().join("things.db"));
    let store = Store::open(&url, "things", &[("things", TABLES)]).await.expect("opens");
    for id in 0..100 {
        commit(&store, id).await;
    }
    let before = writes();
    if before == 0 {
        let _ = writeln!(std::io::stderr(), "SKIPPED a_commit_is_one_write: this system counts no writes");
        return;
    }
    for id in 100..150 {
        commit(&store, id).await;
    }
    let written = writes() - before;
    // Others are those of the runtime. Three pages in two parts each would be 300.
    assert!((50..60).contains(&written), "{written} calls for 50 commits");
}
