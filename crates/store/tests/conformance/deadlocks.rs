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
    /// Begins with a lock on the table `numbered`.
    async fn begin(place: &'a Place) -> Self {
        let DatabaseUrl::Postgres(url) = &place.url else { panic!("a PostgreSQL URL") };
        let mut session = PgConnection::connect(url.as_str()).await.expect("the server accepts it");
        session.execute("BEGIN").await.expect("begins");
        let mut changing = Self { session, schema: &place.schema };
        assert!(changing.lock("numbered").await, "no other session has it");
        changing
    }

    /// Locks a table. Returns `false` if this session is the one that a deadlock ends.
    async fn lock(&mut self, table: &str) -> bool {
        let lock = format!("LOCK TABLE {}.{table} IN ACCESS EXCLUSIVE MODE", self.schema);
        self.session.execute(AssertSqlSafe(lock)).await.is_ok()
    }

    /// Waits until another session waits for the table `numbered`, and then for it, and ends.
    /// Returns whether the other one gave way.
    async fn meet(mut self) -> bool {
        self.wait_for_another("numbered").await;
        let gave_way = self.lock("things").await;
        self.session.execute("COMMIT").await.expect("ends");
        gave_way
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
}

/// How often it is tried. PostgreSQL ends the session that waits longest, after a second, which is
/// ours unless this test had no processor for so long.
const TRIES: i64 = 10;

#[tokio::test]
async fn changes_and_reads_are_repeated_after_a_deadlock() {
    let Some(place) = Place::postgres("deadlocks::changes_and_reads_are_repeated_after_a_deadlock") else {
        return;
    };
    let store = place.open().await;
    let mut written = 0;
    let mut gave_way = false;
    while !gave_way {
        written += 1;
        assert!(written <= TRIES, "the change gives way in one of {TRIES} deadlocks");
        let mut change = Change::from(insert(written, &format!("n{written}")));
        change.append(numbered(written));
        let changing = Changing::begin(&place).await;
        let committing = tokio::spawn({
            let store = store.clone();
            async move { store.commit(change).await }
        });
        gave_way = changing.meet().await;
        committing.await.expect("ends").expect("is written");
    }
    let all: Vec<i64> = (1..=written).collect();
    assert_eq!((names(&store).await.len(), numbers(&store).await), (all.len(), all), "each once");

    // On a kept connection and on a new one.
    for which in ["kept", "new"] {
        let mut gave_way = false;
        for _ in 0..TRIES {
            let store = if which == "kept" { store.clone() } else { place.open().await };
            let changing = Changing::begin(&place).await;
            let both = "SELECT t.name, n.seq FROM things t CROSS JOIN numbered n LIMIT 1";
            let reading = tokio::spawn(async move { store.rows(Statement::new(both, Vec::new())).await });
            gave_way = changing.meet().await;
            assert_eq!(reading.await.expect("ends").expect("reads").len(), 1, "{which}");
            if gave_way {
                break;
            }
        }
        assert!(gave_way, "the read gives way in one of {TRIES} deadlocks, {which}");
    }
    place.remove().await;
}
