//! Closing a database, so that it can be opened again.

use outlive_store::{Change, StoreError, sql};

use crate::changes::{insert, names};
use crate::on_each_database;
use crate::place::Place;

on_each_database!(
    after_closing_it_opens_at_once,
    after_dropping_it_opens_again,
    closing_finishes_what_was_handed_in,
    a_closed_store_refuses,
    closing_twice_is_closing_once,
);

async fn after_closing_it_opens_at_once(place: &Place) {
    let mut held = Vec::new();
    for id in 1..=5 {
        let store = place.open().await;
        store.commit(insert(id, &format!("n{id}"))).await.expect("is written");
        store.close().await;
        // A clone is still alive, as in the stream of an open connection.
        held.push(store);
    }
    assert_eq!(names(&place.open().await).await.len(), 5);
}

async fn after_dropping_it_opens_again(place: &Place) {
    for id in 1..=5 {
        let store = place.open().await;
        store.commit(insert(id, &format!("n{id}"))).await.expect("is written");
        assert_eq!(names(&store).await.len(), usize::try_from(id).expect("small"));
    }
}

async fn closing_finishes_what_was_handed_in(place: &Place) {
    let store = place.open().await;
    let writing: tokio::task::JoinSet<_> = (1..=50)
        .map(|id| {
            let store = store.clone();
            async move { store.commit(insert(id, &format!("n{id}"))).await }
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let answers = writing.join_all().await;
    let written = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(
        names(&place.open().await).await.len(),
        written,
        "what was answered is there and nothing else is"
    );
    assert_eq!(written, 50, "they were handed in before");
}

async fn a_closed_store_refuses(place: &Place) {
    let store = place.open().await;
    let other = store.clone();
    store.close().await;
    assert!(matches!(other.commit(insert(1, "late")).await, Err(StoreError::Failed(_))));
    assert!(matches!(other.row(sql!("SELECT id FROM things LIMIT 1")).await, Err(StoreError::Failed(_))));
    assert!(other.commit(Change::new()).await.is_ok(), "an empty change succeeds");
    assert!(other.commits().changed().await.is_err(), "subscribers are notified");
}

async fn closing_twice_is_closing_once(place: &Place) {
    let store = place.open().await;
    let other = store.clone();
    tokio::join!(store.close(), other.close());
    place.open().await.close().await;
}

#[tokio::test]
async fn opening_a_locked_file_fails_with_a_reason() {
    let place = Place::sqlite();
    let first = place.open().await;
    let error = place.open_with(crate::place::TABLES).await.expect_err("it is in use");
    assert_eq!(error.why, "another Outlive process is using it");
    assert!(error.what.contains("a case.db"), "{error}");
    assert!(error.remedy.contains("--data"), "{}", error.remedy);
    first.commit(insert(1, "one")).await.expect("the first is not disturbed");
}

#[tokio::test]
async fn a_closed_file_is_one_file() {
    let place = Place::sqlite();
    let store = place.open().await;
    store.commit(insert(1, "one")).await.expect("is written");
    let _ = names(&store).await;
    store.close().await;
    let directory = place.directory().expect("a directory");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .expect("is read")
        .map(|entry| entry.expect("is read").file_name().into_string().expect("UTF-8"))
        .collect();
    files.sort();
    assert_eq!(files, ["a case.db", "a case.lock"], "no log is left beside it: it can be copied");
}
