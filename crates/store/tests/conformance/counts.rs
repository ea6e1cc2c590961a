//! The work of a database is counted, and only what was committed.

use outlive_store::{Change, StoreCounts, counts_of_process, sql};

use crate::changes::insert;
use crate::on_each_database;
use crate::place::Place;

on_each_database!(
    committed_work_is_counted,
    deferred_work_is_counted_apart,
    upkeep_is_in_no_count,
    the_revision_rises_with_what_may_be_cached,
);

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

async fn upkeep_is_in_no_count(place: &Place) {
    let store = place.open().await;
    let commits = store.commits();
    store.upkeep().commit(Change::from(insert(1, "one"))).await.expect("is written");
    let refused = store.upkeep().commit(Change::from(insert(1, "again"))).await;
    assert!(refused.expect_err("the key exists").is_conflict());
    let row = store.upkeep().row(sql!("SELECT id FROM things WHERE tenant = $1", "t")).await.expect("reads");
    assert_eq!(row.expect("a row").int("id").expect("a number"), 1);
    assert_eq!(store.counts(), StoreCounts::default());
    assert!(!commits.has_changed().expect("is open"), "subscribers do not hear of it");
    // Beside another change, only that is counted.
    let upkeep = store.upkeep();
    let (one, two) =
        tokio::join!(upkeep.commit(Change::from(insert(2, "two"))), store.commit(insert(3, "three")));
    one.and(two).expect("both are written");
    let StoreCounts { changes, commits: counted, statements, .. } = store.counts();
    assert_eq!((changes, counted, statements), (1, 1, 1));
    assert!(commits.has_changed().expect("is open"));
    // What was deferred is written with the next transaction, and that is news.
    store.commit_soon("a", insert(4, "four")).await.expect("is deferred");
    store.upkeep().commit(Change::from(insert(5, "five"))).await.expect("is written");
    assert_eq!((store.counts().changes, store.counts().deferred), (1, 1));
}

async fn the_revision_rises_with_what_may_be_cached(place: &Place) {
    let store = place.open().await;
    let uncached = |id, name| insert(id, name).uncached();
    let mut both = Change::from(uncached(3, "three"));
    both.add(insert(4, "four"));
    let mut last = store.revision();
    for (which, change, rises) in [
        ("a change", Change::from(insert(1, "one")), true),
        ("an uncached one", Change::from(uncached(2, "two")), false),
        ("both", both, true),
        ("one that conflicts", Change::from(insert(1, "again")), true),
    ] {
        let committed = store.commit(change).await;
        assert_eq!(committed.is_ok(), which != "one that conflicts", "{which}");
        assert_eq!(store.revision() > last, rises, "{which}");
        last = store.revision();
    }
    store.upkeep().commit(insert(5, "five").into()).await.expect("is written");
    assert_eq!(store.revision(), last, "what follows from other data");
    store.commit_soon("a", uncached(6, "six")).await.expect("is deferred");
    store.commit(uncached(7, "seven")).await.expect("is written, with the other");
    assert_eq!(store.revision(), last, "a deferred one that is uncached");
    store.commit_soon("a", insert(8, "eight")).await.expect("is deferred");
    store.commit(uncached(9, "nine")).await.expect("is written, with the other");
    assert!(store.revision() > last, "a deferred one");
}
