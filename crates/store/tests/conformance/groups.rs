//! Changes of concurrent callers share commits but succeed or fail independently.

use std::future::{Future as _, poll_fn};
use std::task::Poll;

use outlive_store::{Change, Store, sql};
use tokio::task::JoinSet;

use crate::changes::insert;
use crate::on_each_database;
use crate::place::Place;

on_each_database!(
    a_canceled_leader_leaves_its_group_to_the_store,
    conflicts_in_a_group_do_not_touch_the_others,
    many_changes_share_few_commits,
    a_commit_notifies_subscribers,
    reads_go_on_beside_writes,
);

/// One line with the next number, as the journal writes them.
pub(crate) fn numbered(writer: i64) -> Change {
    Change::from(
        sql!(
            "INSERT INTO numbered (seq, tenant, writer) \
             VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM numbered), $1, $2)",
            "t",
            writer
        )
        .expect_rows(1),
    )
}

pub(crate) async fn numbers(store: &Store) -> Vec<i64> {
    let rows =
        store.rows(sql!("SELECT seq FROM numbered WHERE tenant = $1 ORDER BY seq LIMIT 5000", "t")).await;
    rows.expect("reads").iter().map(|row| row.int("seq").expect("a number")).collect()
}

async fn conflicts_in_a_group_do_not_touch_the_others(place: &Place) {
    let store = place.open().await;
    store.commit(insert(0, "taken")).await.expect("is written");
    let mut tasks = JoinSet::new();
    for id in 1..=90 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut change = numbered(id);
            change.append(insert(id, &format!("n{id}")).into());
            // Every third change conflicts on a name, after two inserts.
            if id % 3 == 0 {
                change.append(insert(1_000 + id, "taken").into());
            }
            (id, store.commit(change).await)
        });
    }
    for (id, result) in tasks.join_all().await {
        match (id % 3, result) {
            (0, Err(outlive_store::StoreError::Conflict { statement: 2 })) | (1 | 2, Ok(())) => {}
            (_, other) => panic!("{id}: {other:?}"),
        }
    }
    assert!(*store.commits().borrow() <= 10, "they were a group");
    assert_eq!(numbers(&store).await, (1..=60).collect::<Vec<_>>(), "no gaps where changes were refused");
    let rows = store.rows(sql!("SELECT id FROM things WHERE tenant = $1 ORDER BY id LIMIT 1000", "t")).await;
    let ids: Vec<i64> = rows.expect("reads").iter().map(|row| row.int("id").expect("a number")).collect();
    assert_eq!(ids, (0..=90).filter(|id| *id == 0 || id % 3 != 0).collect::<Vec<_>>());
}

async fn many_changes_share_few_commits(place: &Place) {
    let store = place.open().await;
    let mut tasks = JoinSet::new();
    for writer in 0..200 {
        let store = store.clone();
        tasks.spawn(async move { store.commit(numbered(writer)).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    let commits = *store.commits().borrow();
    assert!((1..=20).contains(&commits), "200 changes took {commits} commits");
    assert_eq!(numbers(&store).await, (1..=200).collect::<Vec<_>>());
}

/// The changes of others do not depend on the task that was first.
async fn a_canceled_leader_leaves_its_group_to_the_store(place: &Place) {
    let store = place.open().await;
    let mut first = Box::pin(store.commit(numbered(0)));
    let is_pending = poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await;
    assert!(is_pending, "it lets others submit their changes");
    let mut tasks = JoinSet::new();
    for writer in 1..1_500 {
        let store = store.clone();
        tasks.spawn(async move { store.commit(numbered(writer)).await });
    }
    tokio::task::yield_now().await;
    drop(first);
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    assert_eq!(numbers(&store).await, (1..=1_500).collect::<Vec<_>>());
}

async fn a_commit_notifies_subscribers(place: &Place) {
    let store = place.open().await;
    let mut commits = store.commits();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move {
            commits.changed().await.expect("the store lives");
            numbers(&store).await
        }
    });
    store.commit(numbered(1)).await.expect("is written");
    assert_eq!(waiting.await.expect("does not panic"), [1], "notified only when it can be read");
}

async fn reads_go_on_beside_writes(place: &Place) {
    let store = place.open().await;
    let mut tasks = JoinSet::new();
    for writer in 0..40 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..5 {
                let before = numbers(&store).await.len();
                store.commit(numbered(writer)).await.expect("is written");
                assert!(numbers(&store).await.len() > before, "a writer sees its own change");
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(numbers(&store).await, (1..=200).collect::<Vec<_>>());
}
