//! Deadlocks with sessions that change tables.

use outlive_store::{Change, DatabaseUrl, Statement};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use crate::changes::{insert, names};
use crate::groups::{numbered, numbers};
use crate::place::Place;

/// A session that changes tables, as a newer version does when it starts.
struct Changing<'a> {
    session: PgConnection,
    schema: &'a str,
}

impl<'a> Changing<'a> {
    async fn begin(place: &'a Place) -> Self {
        let DatabaseUrl::Postgres(url) = &place.url else { panic!("a PostgreSQL URL") };
        let mut session = PgConnection::connect(url.as_str()).await.expect("the server accepts it");
        session.execute("BEGIN").await.expect("begins");
        Self { session, schema: &place.schema }
    }

    async fn lock(&mut self, table: &str) {
        let lock = format!("LOCK TABLE {}.{table} IN ACCESS EXCLUSIVE MODE", self.schema);
        self.session.execute(AssertSqlSafe(lock)).await.expect("the other one gives way");
    }

    /// Waits until another session waits for a table.
    async fn wait_for_another(&mut self, table: &str) {
        let waiting = format!(
            "SELECT COUNT(*) AS sessions FROM pg_locks WHERE NOT granted AND relation = '{}.{table}'::regclass",
            self.schema
        );
        loop {
            let row = self.session.fetch_one(AssertSqlSafe(waiting.clone())).await.expect("counts");
            if row.get::<i64, _>("sessions") > 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn end(mut self) {
        self.session.execute("COMMIT").await.expect("ends");
    }
}

/// PostgreSQL ends the session that waits longest, which is ours, after a second.
#[tokio::test]
async fn changes_and_reads_are_repeated_after_a_deadlock() {
    let Some(place) = Place::postgres("deadlocks::changes_and_reads_are_repeated_after_a_deadlock") else {
        return;
    };
    let store = place.open().await;
    let mut change = Change::from(insert(1, "one"));
    change.append(numbered(1));
    let mut changing = Changing::begin(&place).await;
    changing.lock("numbered").await;
    let committing = tokio::spawn({
        let store = store.clone();
        async move { store.commit(change).await }
    });
    changing.wait_for_another("numbered").await;
    changing.lock("things").await;
    changing.end().await;
    committing.await.expect("ends").expect("is written");
    assert_eq!((names(&store).await, numbers(&store).await), (vec!["one".to_owned()], vec![1]), "once");

    // On a kept connection and on a new one.
    for (which, store) in [("kept", store), ("new", place.open().await)] {
        let mut changing = Changing::begin(&place).await;
        changing.lock("numbered").await;
        let both = "SELECT t.name, n.seq FROM things t CROSS JOIN numbered n LIMIT 9";
        let reading = tokio::spawn(async move { store.rows(Statement::new(both, Vec::new())).await });
        changing.wait_for_another("numbered").await;
        changing.lock("things").await;
        changing.end().await;
        assert_eq!(reading.await.expect("ends").expect("reads").len(), 1, "{which}");
    }
    place.remove().await;
}
