//! Migrations are applied once, even by concurrent processes.

use outlive_store::{Migration, Store, sql};

use crate::on_each_database;
use crate::place::{Place, TABLES};

on_each_database!(
    each_step_is_applied_once,
    rejects_a_newer_database,
    a_step_that_fails_leaves_nothing_behind,
    rejects_a_gap_between_steps,
    sets_are_counted_apart,
);

const LATER: &[Migration] = &[
    TABLES[0],
    Migration {
        version: 2,
        name: "seed",
        // No key: a second application would duplicate it.
        sql: "-- a remark; with a semicolon in it
CREATE TABLE seeds (tenant TEXT NOT NULL, note TEXT NOT NULL);
INSERT INTO seeds (tenant, note) VALUES ('t', 'first; and only');
",
    },
];

const BROKEN: &[Migration] = &[
    TABLES[0],
    Migration {
        version: 2,
        name: "torn",
        sql: "CREATE TABLE half (tenant TEXT NOT NULL);\nCREATE TABLE half (tenant TEXT);\n",
    },
];

async fn seeds(store: &Store) -> usize {
    store.rows(sql!("SELECT note FROM seeds WHERE tenant = $1 LIMIT 10", "t")).await.expect("reads").len()
}

async fn each_step_is_applied_once(place: &Place) {
    let store = place.open().await;
    store
        .commit(sql!("INSERT INTO things (tenant, id) VALUES ($1, $2)", "t", 1_i64))
        .await
        .expect("is written");
    store.close().await;
    for _ in 0..3 {
        let store = place.open_with(LATER).await.expect("opens");
        assert_eq!(seeds(&store).await, 1);
        let kept =
            store.rows(sql!("SELECT id FROM things WHERE tenant = $1 LIMIT 10", "t")).await.expect("reads");
        assert_eq!(kept.len(), 1, "data stays");
        store.close().await;
    }
}

async fn rejects_a_newer_database(place: &Place) {
    place.open_with(LATER).await.expect("opens").close().await;
    let error = place.open_with(TABLES).await.expect_err("must be refused");
    assert_eq!(error.what, "cannot bring the tables of case up to date");
    assert_eq!(error.why, "they are at version 2, this program knows 1");
    assert!(error.remedy.contains("newer Outlive"), "{}", error.remedy);
    place.open_with(LATER).await.expect("and left as it was");
}

async fn a_step_that_fails_leaves_nothing_behind(place: &Place) {
    let error = place.open_with(BROKEN).await.expect_err("must be refused");
    assert!(error.why.starts_with("torn: "), "{}", error.why);
    let store = place.open_with(LATER).await.expect("nothing of it was kept");
    assert!(store.rows(sql!("SELECT tenant FROM half LIMIT 1")).await.is_err(), "nor half of the step");
}

async fn rejects_a_gap_between_steps(place: &Place) {
    const GAP: &[Migration] = &[TABLES[0], Migration { version: 3, ..LATER[1] }];
    let error = place.open_with(GAP).await.expect_err("must be refused");
    assert_eq!(error.why, "its migrations are not numbered from 1 without gaps");
}

async fn sets_are_counted_apart(place: &Place) {
    let sets: [(&str, &[Migration]); 2] = [("case", LATER), ("other", &[])];
    Store::open(&place.url, &place.schema, &sets).await.expect("opens").close().await;
    let more: &[Migration] =
        &[Migration { version: 1, name: "more", sql: "CREATE TABLE more (tenant TEXT NOT NULL);\n" }];
    let store =
        Store::open(&place.url, &place.schema, &[("other", more), ("case", LATER)]).await.expect("opens");
    assert!(store.rows(sql!("SELECT tenant FROM more LIMIT 1")).await.expect("is there").is_empty());
}
