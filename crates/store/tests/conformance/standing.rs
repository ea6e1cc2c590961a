//! Deferred statements.

use outlive_store::{Statement, StoreError, sql};

use crate::changes::{insert, names};
use crate::on_each_database;
use crate::place::Place;

on_each_database!(
    it_goes_along_with_the_next_commit_and_before_it,
    it_does_not_wait_for_ever,
    the_last_under_a_key_stands,
    it_survives_a_failed_change,
    closing_writes_it,
);

fn rename(id: i64, name: &str) -> Statement {
    sql!("UPDATE things SET name = $1 WHERE tenant = $2 AND id = $3", name, "t", id)
}

async fn it_goes_along_with_the_next_commit_and_before_it(place: &Place) {
    let store = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    let before = *store.commits().borrow();
    store.commit_soon("a", rename(1, "uno")).await.expect("is taken");
    // It matches the old name only if it runs second.
    let copy = sql!(
        "INSERT INTO things (tenant, id, name) SELECT tenant, 2, name || ' again' FROM things WHERE tenant = $1 AND id = 1",
        "t"
    );
    store.commit(copy).await.expect("is written");
    assert_eq!(names(&store).await, ["uno", "uno again"]);
    assert_eq!(*store.commits().borrow(), before + 1);
}

async fn it_does_not_wait_for_ever(place: &Place) {
    let store = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    let mut commits = store.commits();
    commits.mark_unchanged();
    store.commit_soon("a", rename(1, "uno")).await.expect("is taken");
    commits.changed().await.expect("the writer lives");
    assert_eq!(names(&store).await, ["uno"]);
}

async fn the_last_under_a_key_stands(place: &Place) {
    let store = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    for name in ["uno", "un", "ein"] {
        store.commit_soon("a", rename(1, name)).await.expect("is taken");
    }
    store.commit(insert(2, "two")).await.expect("is written");
    assert_eq!(names(&store).await, ["ein", "two"]);
}

async fn it_survives_a_failed_change(place: &Place) {
    let store = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    store.commit_soon("a", rename(1, "uno")).await.expect("is taken");
    let refused = store.commit(insert(1, "taken")).await;
    assert!(matches!(refused, Err(StoreError::Conflict { statement: 0 })), "{refused:?}");
    store.commit(insert(2, "two")).await.expect("is written");
    assert_eq!(names(&store).await, ["uno", "two"]);
}

async fn closing_writes_it(place: &Place) {
    let store = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    store.commit_soon("a", rename(1, "uno")).await.expect("is taken");
    store.close().await;
    assert_eq!(names(&place.open().await).await, ["uno"]);
    assert!(store.commit_soon("a", rename(1, "eins")).await.is_err(), "it is closed");
}
