//! How long one change and one read take on an embedded database, one after the other and many at
//! once: `cargo bench -p outlive-store`. Prints the median and the 99th percentile in microseconds
//! of wall time.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures wall time and prints it"
)]

use std::time::{Duration, Instant};

use outlive_store::{Change, DatabaseUrl, Migration, Store, sql};

const TABLES: &[Migration] = &[Migration {
    version: 1,
    name: "bench",
    sql: "CREATE TABLE codes (tenant TEXT NOT NULL, id BIGINT NOT NULL, redeemed_us BIGINT, PRIMARY KEY (tenant, id));
CREATE TABLE lines (seq BIGINT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, data TEXT NOT NULL);
",
}];

const TURNS: i64 = 5_000;
const AT_ONCE: usize = 64;

fn two_statements(id: i64) -> Change {
    let mut change = Change::from(
        sql!("INSERT INTO codes (tenant, id, redeemed_us) VALUES ($1, $2, $3)", "t", id, None::<i64>)
            .expect_rows(1),
    );
    change.add(sql!(
        "INSERT INTO lines (seq, tenant, data) VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM lines), $1, $2)",
        "t",
        "{\"a\":\"something that a journal line would say\"}"
    ));
    change
}

fn report(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_nanos() as f64 / 1_000.0;
    let mean = took.iter().sum::<Duration>().as_nanos() as f64 / took.len() as f64 / 1_000.0;
    println!("{what:<34} median {:>7.1} µs   mean {mean:>7.1} µs   99 % {:>7.1} µs", at(50), at(99));
}

async fn in_turn<F: Future>(what: &str, mut one: impl FnMut(i64) -> F) {
    let mut took = Vec::new();
    for turn in 0..TURNS {
        let begun = Instant::now();
        one(turn).await;
        took.push(begun.elapsed());
    }
    report(what, took);
}

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let url = match std::env::var("OUTLIVE_TEST_POSTGRES_URL") {
        Ok(url) => DatabaseUrl::postgres(&url).expect("a PostgreSQL URL"),
        Err(_) => DatabaseUrl::Sqlite(directory.path().join("bench.db")),
    };
    let schema = format!("bench_{}", std::process::id());
    let store = Store::open(&url, &schema, &[("bench", TABLES)]).await.expect("opens");
    // As in a service: the caller is one of the runtime's tasks.
    let measured = tokio::spawn(async move {
        for _ in 0..2 {
            let first = store
                .row(sql!("SELECT COALESCE(MAX(id), 0) + 1 AS first FROM codes WHERE tenant = $1", "t"))
                .await
                .expect("reads")
                .expect("a row")
                .int("first")
                .expect("a number");
            in_turn("commit of two statements", |turn| {
                let store = store.clone();
                async move { store.commit(two_statements(first + turn)).await.expect("commits") }
            })
            .await;
            in_turn("read of one row", |turn| {
                let store = store.clone();
                async move {
                    store
                        .row(sql!(
                            "SELECT id, redeemed_us FROM codes WHERE tenant = $1 AND id = $2",
                            "t",
                            turn + 1
                        ))
                        .await
                        .expect("reads")
                        .expect("a row")
                        .int("id")
                        .expect("a number")
                }
            })
            .await;
            let begun = Instant::now();
            let mut tasks = tokio::task::JoinSet::new();
            for task in 0..AT_ONCE {
                let store = store.clone();
                tasks.spawn(async move {
                    for turn in 0..100 {
                        let id = 1_000_000 + first * 10_000 + (task * 100 + turn) as i64;
                        store.commit(two_statements(id)).await.expect("commits");
                    }
                });
            }
            tasks.join_all().await;
            let each = begun.elapsed().as_nanos() as f64 / (AT_ONCE * 100) as f64 / 1_000.0;
            println!("{AT_ONCE} at once: {each:.1} µs of wall time for each commit");
        }
    });
    measured.await.expect("measured");
}
