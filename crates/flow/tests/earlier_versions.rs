//! Tables of earlier versions of the flow service, brought up to date, on both databases.

use std::io::Write as _;

use outlive_flow::MIGRATIONS;
use outlive_store::{DatabaseUrl, Migration, Statement, Store, sql};

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const FLOW: &str = "22222222-2222-2222-2222-222222222222";

async fn open(url: &DatabaseUrl, schema: &str, migrations: &[Migration]) -> Store {
    Store::open(url, schema, &[("flow", migrations)]).await.expect("opens")
}

/// Returns the rows of a query as their only column, a text.
async fn texts(store: &Store, query: &'static str) -> Vec<String> {
    let rows = store.rows(Statement::new(query, Vec::new())).await.expect("is read");
    rows.iter().map(|row| row.text("found").expect("a text")).collect()
}

/// Every column of every run.
const RUNS: &str = "SELECT tenant || flow || name || ' ' || number || ' ' || version || ' ' || trigger_name || ' ' || due_us || ' ' \
     || started_us || ' ' || COALESCE(CAST(ended_us AS TEXT), '') || status || COALESCE(error, '') || record || trace || ' ' \
     || COALESCE(CAST(next_due_us AS TEXT), '') || ' ' || attempt || replica || lease_wall_us || COALESCE(invoker, '') \
     || COALESCE(invoker_connections, '') AS found FROM runs ORDER BY number";
const OF_RUNS: &str = "SELECT run || scope || name || record AS found FROM repetitions UNION ALL \
     SELECT run || repetition || outputs AS found FROM callbacks ORDER BY 1";

async fn keeps_runs_with_their_parts(url: &DatabaseUrl, schema: &str) {
    let earlier = open(url, schema, &MIGRATIONS[..17]).await;
    for (name, number, status, (ended, due), invoker) in [
        ("08584B", 1_i64, "Failed", (Some(9_i64), None), Some("user")),
        ("08584C", 2, "Running", (None, Some(6_i64)), None),
        ("08584A", 3, "Waiting", (None, Some(7)), None),
    ] {
        let run = sql!(
            "INSERT INTO runs (tenant, flow, name, number, version, trigger_name, due_us, started_us, ended_us, status, error, record, \
             trace, next_due_us, attempt, replica, lease_wall_us, invoker, invoker_connections) \
             VALUES ($1, $2, $3, $4, 3, 'Recurrence', 4, 5, $5, $6, '{}', 'record', 'trace', $7, 2, 'replica', 8, $8, '[]')",
            TENANT,
            FLOW,
            name,
            number,
            ended,
            status,
            due,
            invoker
        );
        earlier.commit(run).await.expect("a run");
        let repetition = sql!(
            "INSERT INTO repetitions (tenant, flow, run, scope, name, record) VALUES ($1, $2, $3, 'Each', '000001', 'iteration')",
            TENANT,
            FLOW,
            name
        );
        earlier.commit(repetition).await.expect("an iteration");
        let callback = sql!(
            "INSERT INTO callbacks (tenant, flow, run, repetition, outputs) VALUES ($1, $2, $3, '1', 'outputs')",
            TENANT,
            FLOW,
            name
        );
        earlier.commit(callback).await.expect("a callback");
    }
    let (runs, parts) = (texts(&earlier, RUNS).await, texts(&earlier, OF_RUNS).await);
    assert_eq!((runs.len(), parts.len()), (3, 6));
    earlier.close().await;

    let store = open(url, schema, &MIGRATIONS).await;
    assert_eq!(texts(&store, RUNS).await, runs);
    assert_eq!(texts(&store, OF_RUNS).await, parts);
    let again = sql!(
        "INSERT INTO runs (tenant, flow, name, number, version, trigger_name, due_us, started_us, status, record, trace, attempt, \
         replica, lease_wall_us) VALUES ($1, $2, '08584C', 4, 1, '', 0, 0, 'Running', '', '', 1, '', 0)",
        TENANT,
        FLOW
    );
    assert!(store.commit(again).await.expect_err("the name exists").is_conflict());
    store.commit(sql!("DELETE FROM runs WHERE name = '08584C'")).await.expect("deleted");
    assert_eq!(texts(&store, RUNS).await, [&*runs[0], &*runs[2]]);
    let left = texts(&store, OF_RUNS).await;
    assert!(left.len() == 4 && !left.iter().any(|part| part.starts_with("08584C")), "{left:?}");
    store.close().await;
}

#[tokio::test]
async fn keeps_runs_on_sqlite() {
    let directory = tempfile::tempdir().expect("a directory");
    keeps_runs_with_their_parts(&DatabaseUrl::Sqlite(directory.path().join("flow.db")), "flow").await;
}

#[tokio::test]
async fn keeps_runs_on_postgres() {
    let Ok(server) = std::env::var("OUTLIVE_TEST_POSTGRES_URL") else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: OUTLIVE_TEST_POSTGRES_URL is not set; run it through scripts/with-postgres"
        );
        return;
    };
    let url = DatabaseUrl::postgres(&server).expect("OUTLIVE_TEST_POSTGRES_URL is a PostgreSQL URL");
    let schema = format!("earlier_flow_{}", std::process::id());
    keeps_runs_with_their_parts(&url, &schema).await;
    let store = Store::open(&url, &schema, &[]).await.expect("opens");
    let drop: &'static str = Box::leak(format!("DROP SCHEMA \"{schema}\" CASCADE").into_boxed_str());
    store.commit(Statement::new(drop, Vec::new())).await.expect("the schema is dropped");
}
