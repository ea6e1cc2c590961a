//! The work of a database is counted, and only what was committed.

use outlive_store::{Change, StoreCounts, counts_of_process, sql};

use crate::changes::insert;
use crate::on_each_database;
use crate::place::Place;

on_each_database!(committed_work_is_counted, deferred_work_is_counted_apart);

async fn committed_work_is_counted(place: &Place) {
    let store = place.open().await;
    assert_eq!(store.counts(), StoreCounts::default());
    let of_process = counts_of_process();
    let mut change = Change::from(insert(1, "one"));
    change.add(insert(2, "three"));
    store.commit(change).await.expect("is written");
    // The tenant has one byte, a number eight.
    let written = StoreCounts {
        changes: 1,
        commits: 1,
        statements: 2,
        bytes: (1 + 8 + 3) + (1 + 8 + 5),
        ..StoreCounts::default()
    };
    assert_eq!(store.counts(), written);

    assert!(store.commit(insert(1, "again")).await.expect_err("the key exists").is_conflict());
    store.commit(Change::new()).await.expect("nothing to do");
    assert_eq!(store.counts(), written, "neither committed anything");

    store.row(sql!("SELECT id FROM things WHERE tenant = $1", "t")).await.expect("reads");
    store.rows(sql!("SELECT id FROM things WHERE tenant = $1 LIMIT 9", "t")).await.expect("reads");
    assert_eq!(store.counts(), StoreCounts { reads: 2, ..written });
    // Other tests of this process add to it, too.
    let total = counts_of_process();
    assert!(total.changes > of_process.changes && total.statements >= of_process.statements + 2);
    assert!(total.reads >= of_process.reads + 2 && total.bytes >= of_process.bytes + 26);
}

async fn deferred_work_is_counted_apart(place: &Place) {
    let store = place.open().await;
    store.commit_soon("a", insert(1, "one")).await.expect("is deferred");
    store.commit_soon("a", insert(1, "uno")).await.expect("replaces it");
    store.commit(insert(2, "two")).await.expect("is written, with the other");
    let StoreCounts { changes, commits, statements, deferred, flushes, .. } = store.counts();
    assert_eq!((changes, commits, statements, deferred), (1, 1, 1, 1), "one of the two was replaced");
    assert_eq!(flushes, 0, "it was written with a change");

    let mut commits = store.commits();
    commits.mark_unchanged();
    store.commit_soon("a", insert(3, "three")).await.expect("is deferred");
    commits.changed().await.expect("within half a second");
    let counts = store.counts();
    assert_eq!((counts.commits, counts.deferred, counts.flushes), (1, 2, 1));
}
