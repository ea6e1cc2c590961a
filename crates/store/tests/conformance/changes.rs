//! Changes are atomic, and conflicts report the failed statement.

use outlive_store::{Change, Statement, Store, StoreError, sql};

use crate::on_each_database;
use crate::place::Place;

on_each_database!(
    a_taken_key_leaves_nothing_behind,
    a_failed_expectation_leaves_nothing_behind,
    reports_the_first_conflict,
    a_statement_that_cannot_run_leaves_nothing_behind,
    a_change_sees_what_it_wrote,
    an_empty_change_is_no_commit,
    a_large_change_happens_as_a_whole,
    forgetting_a_tenant_leaves_the_others,
    a_caller_that_went_away_does_no_harm,
);

pub(crate) fn insert(id: i64, name: &str) -> Statement {
    sql!("INSERT INTO things (tenant, id, name) VALUES ($1, $2, $3)", "t", id, name)
}

pub(crate) async fn names(store: &Store) -> Vec<String> {
    let rows =
        store.rows(sql!("SELECT name FROM things WHERE tenant = $1 ORDER BY id LIMIT 1000", "t")).await;
    rows.expect("reads").iter().map(|row| row.text("name").expect("a text")).collect()
}

fn change(statements: impl IntoIterator<Item = Statement>) -> Change {
    let mut change = Change::new();
    for statement in statements {
        change.add(statement);
    }
    change
}

fn conflict(result: Result<(), StoreError>) -> usize {
    match result.expect_err("must be refused") {
        StoreError::Conflict { statement } => statement,
        other => panic!("not a conflict: {other}"),
    }
}

async fn a_taken_key_leaves_nothing_behind(place: &Place) {
    let store = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    let by_primary_key = change([insert(2, "two"), insert(3, "three"), insert(1, "again")]);
    assert_eq!(conflict(store.commit(by_primary_key).await), 2);
    let by_unique_index = change([insert(2, "two"), insert(3, "one"), insert(4, "four")]);
    assert_eq!(conflict(store.commit(by_unique_index).await), 1);
    assert_eq!(names(&store).await, ["one"]);
    store.commit(change([insert(2, "two"), insert(3, "three")])).await.expect("the writer goes on");
    assert_eq!(names(&store).await, ["one", "two", "three"]);
}

async fn a_failed_expectation_leaves_nothing_behind(place: &Place) {
    let store = place.open().await;
    store.commit(change([insert(1, "one"), insert(2, "two")])).await.expect("is written");
    let rename = |name: &str, id: i64| {
        sql!("UPDATE things SET name = $1 WHERE tenant = $2 AND id = $3", name, "t", id)
    };
    for (which, refused) in [
        ("none where one is expected", rename("x", 9).expect_rows(1)),
        ("one where none is expected", rename("x", 1).expect_rows(0)),
        ("two where one is expected", sql!("DELETE FROM things WHERE tenant = $1", "t").expect_rows(1)),
        (
            "no row inserted where one is expected",
            sql!(
                "INSERT INTO things (tenant, id) SELECT tenant, id + 100 FROM things WHERE tenant = $1 AND id = $2",
                "t",
                9_i64
            )
            .expect_rows(1),
        ),
    ] {
        let whole = change([insert(3, "three"), refused, insert(4, "four")]);
        assert_eq!(conflict(store.commit(whole).await), 1, "{which}");
        assert_eq!(names(&store).await, ["one", "two"], "{which}");
    }
    store
        .commit(change([rename("uno", 1).expect_rows(1), rename("y", 9).expect_rows(0)]))
        .await
        .expect("expectations that hold");
    assert_eq!(names(&store).await, ["uno", "two"]);
}

async fn reports_the_first_conflict(place: &Place) {
    let store = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    let missing = sql!("DELETE FROM things WHERE tenant = $1 AND id = $2", "t", 9_i64).expect_rows(1);
    let expectation_first = change([insert(2, "two"), missing.clone(), insert(1, "again")]);
    assert_eq!(conflict(store.commit(expectation_first).await), 1);
    let key_first = change([insert(1, "again"), missing, insert(2, "two")]);
    assert_eq!(conflict(store.commit(key_first).await), 0);
}

async fn a_statement_that_cannot_run_leaves_nothing_behind(place: &Place) {
    let store = place.open().await;
    let impossible =
        change([insert(1, "one"), Statement::new("DELETE FROM nowhere", Vec::new()), insert(2, "two")]);
    match store.commit(impossible).await {
        Err(StoreError::Failed(why)) => assert!(why.contains("DELETE FROM nowhere"), "{why}"),
        other => panic!("{other:?}"),
    }
    let nothing_in_a_full_column =
        sql!("INSERT INTO things (tenant, id) VALUES ($1, $2)", None::<&str>, 5_i64);
    let refused = store.commit(change([insert(1, "one"), nothing_in_a_full_column])).await;
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    assert!(names(&store).await.is_empty());
    store.commit(insert(1, "one")).await.expect("the writer goes on");
}

async fn a_change_sees_what_it_wrote(place: &Place) {
    let store = place.open().await;
    let copy = sql!(
        "INSERT INTO things (tenant, id, name) \
         VALUES ($1, (SELECT COALESCE(MAX(id), 0) + 1 FROM things WHERE tenant = $1), $2)",
        "t",
        "next"
    );
    store.commit(change([insert(7, "seven"), copy.expect_rows(1)])).await.expect("is written");
    let row = store.row(sql!("SELECT id FROM things WHERE tenant = $1 AND name = $2", "t", "next")).await;
    assert_eq!(row.expect("reads").expect("is there").int("id").expect("a number"), 8);
}

async fn an_empty_change_is_no_commit(place: &Place) {
    let store = place.open().await;
    store.commit(Change::new()).await.expect("nothing to do");
    assert_eq!(*store.commits().borrow(), 0);
}

async fn a_large_change_happens_as_a_whole(place: &Place) {
    let store = place.open().await;
    let mut statements: Vec<_> = (1..=300).map(|id| insert(id, &format!("n{id}")).expect_rows(1)).collect();
    statements.push(insert(1, "again"));
    assert_eq!(conflict(store.commit(change(statements.clone())).await), 300);
    assert!(names(&store).await.is_empty());
    statements.pop();
    store.commit(change(statements)).await.expect("is written");
    assert_eq!(names(&store).await.len(), 300);
}

async fn forgetting_a_tenant_leaves_the_others(place: &Place) {
    use outlive_clock::{Randomness, TenantId};
    let store = place.open().await;
    let random = Randomness::from_seed(1);
    let [one, two] = [1, 2].map(|_| TenantId::generate(&mut random.stream("tenant")));
    for tenant in [one, two] {
        store
            .commit(sql!("INSERT INTO things (tenant, id) VALUES ($1, $2)", tenant, 1_i64))
            .await
            .expect("is written");
    }
    store.commit(Statement::forget_tenant("things", one)).await.expect("is forgotten");
    let rows = store.rows(sql!("SELECT tenant FROM things ORDER BY tenant LIMIT 10")).await.expect("reads");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].parse::<TenantId>("tenant").expect("an id"), two);
}

async fn a_caller_that_went_away_does_no_harm(place: &Place) {
    let store = place.open().await;
    for id in 1..=20 {
        let mut gone = Box::pin(store.commit(insert(id, &format!("n{id}"))));
        // Submitted, then canceled.
        let _ = futures_poll_once(gone.as_mut()).await;
        let mut read = Box::pin(store.rows(sql!("SELECT name FROM things WHERE tenant = $1 LIMIT 10", "t")));
        let _ = futures_poll_once(read.as_mut()).await;
    }
    store.commit(insert(21, "last")).await.expect("the writer goes on");
    assert_eq!(names(&store).await.len(), 21, "what was handed in stands");
}

/// Polls a future once.
async fn futures_poll_once<F: Future + Unpin>(mut future: F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context).is_ready())
    })
    .await
}
