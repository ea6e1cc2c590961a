//! Every type of value round-trips.

use outlive_clock::{Instant, Randomness, Span, TenantId};
use outlive_store::{Value, sql};

use crate::on_each_database;
use crate::place::Place;

on_each_database!(
    texts_come_back,
    numbers_come_back,
    null_round_trips,
    typed_values_come_back,
    replaces_the_nul_character,
    parameters_alone_say_their_type,
    a_parameter_may_be_used_twice,
    sums_and_counts_are_numbers,
    a_column_of_another_kind_is_corrupt,
    many_rows_come_back_in_order,
);

async fn texts_come_back(place: &Place) {
    let store = place.open().await;
    let long = "ä".repeat(100_000);
    let texts = [
        "",
        " ",
        "O'Brien; DROP TABLE things --",
        "日本語 🔑 e\u{301}",
        "\u{10FFFF}\u{1}\r\n\t\\",
        "$1",
        &long,
    ];
    for (id, text) in (1_i64..).zip(texts) {
        store
            .commit(sql!("INSERT INTO things (tenant, id, name) VALUES ($1, $2, $3)", "t", id, text))
            .await
            .expect("is written");
        let row = store.row(sql!("SELECT name FROM things WHERE tenant = $1 AND name = $2", "t", text)).await;
        let row = row.expect("is read").expect("is found by its text");
        assert_eq!(row.text("name").expect("a text"), text);
    }
}

async fn numbers_come_back(place: &Place) {
    let store = place.open().await;
    let numbers = [
        0,
        1,
        -1,
        i64::from(i32::MAX) + 1,
        i64::from(i32::MIN) - 1,
        1 << 53,
        (1 << 53) + 1,
        i64::MAX,
        i64::MIN,
    ];
    for (id, number) in (1_i64..).zip(numbers) {
        store
            .commit(sql!("INSERT INTO things (tenant, id, number) VALUES ($1, $2, $3)", "t", id, number))
            .await
            .expect("is written");
        let row =
            store.row(sql!("SELECT number FROM things WHERE tenant = $1 AND number = $2", "t", number)).await;
        let row = row.expect("is read").expect("is found by its number");
        assert_eq!(row.int("number").expect("a number"), number);
    }
}

async fn null_round_trips(place: &Place) {
    let store = place.open().await;
    store
        .commit(sql!(
            "INSERT INTO things (tenant, id, name, number) VALUES ($1, $2, $3, $4)",
            "t",
            1_i64,
            None::<&str>,
            None::<i64>
        ))
        .await
        .expect("is written");
    let row = store
        .row(sql!("SELECT name, number FROM things WHERE tenant = $1", "t"))
        .await
        .expect("is read")
        .expect("is there");
    assert_eq!(row.opt_text("name").expect("may be nothing"), None);
    assert_eq!(row.opt_int("number").expect("may be nothing"), None);
    assert_eq!(row.opt_instant("number").expect("may be nothing"), None);
    assert_eq!(row.opt_parse::<TenantId>("name").expect("may be nothing"), None);
    assert!(
        row.text("name").is_err() && row.int("number").is_err(),
        "nothing is neither a text nor a number"
    );
    assert!(
        store.row(sql!("SELECT id FROM things WHERE tenant = $1", "other")).await.expect("is read").is_none()
    );
}

async fn typed_values_come_back(place: &Place) {
    let store = place.open().await;
    let tenant = TenantId::generate(&mut Randomness::from_seed(1).stream("tenant"));
    let at: Instant = "2026-01-05T09:00:00.000001Z".parse().expect("an instant");
    let document = serde_json::json!({"a": ["\u{0}", 1.5, null], "ß": {"x": true}});
    store
        .commit(sql!(
            "INSERT INTO things (tenant, id, name, number) VALUES ($1, $2, $3, $4)",
            tenant,
            true,
            document.clone(),
            at
        ))
        .await
        .expect("is written");
    let row = store
        .row(sql!("SELECT tenant, id, name, number FROM things WHERE tenant = $1", tenant))
        .await
        .expect("is read")
        .expect("is there");
    assert_eq!(row.parse::<TenantId>("tenant").expect("an id"), tenant);
    assert!(row.flag("id").expect("a flag"));
    assert_eq!(row.json::<serde_json::Value>("name").expect("JSON"), document);
    assert_eq!(row.instant("number").expect("an instant"), at);
    assert_eq!(Value::from(Span::from_seconds(1)), Value::Int(Some(1_000_000)));
}

/// PostgreSQL cannot store U+0000 in a text.
async fn replaces_the_nul_character(place: &Place) {
    let store = place.open().await;
    let insert = sql!("INSERT INTO things (tenant, id, name) VALUES ($1, $2, $3)", "t", 1_i64, "a\u{0}b");
    store.commit(insert).await.expect("is written");
    let row =
        store.row(sql!("SELECT name FROM things WHERE tenant = $1 AND name = $2", "t", "a\u{0}b")).await;
    let row = row.expect("is read").expect("is found by what was sent");
    assert_eq!(row.text("name").expect("a text"), "a\u{FFFD}b");
}

async fn parameters_alone_say_their_type(place: &Place) {
    let store = place.open().await;
    for (text, number) in [(Some("x"), Some(7_i64)), (None, None)] {
        let row = store
            .row(sql!("SELECT CAST($1 AS TEXT) AS text, CAST($2 AS BIGINT) AS number", text, number))
            .await
            .expect("is read")
            .expect("is there");
        assert_eq!(row.opt_text("text").expect("a text").as_deref(), text);
        assert_eq!(row.opt_int("number").expect("a number"), number);
    }
}

async fn a_parameter_may_be_used_twice(place: &Place) {
    let store = place.open().await;
    store
        .commit(sql!("INSERT INTO things (tenant, id, name, number) VALUES ($2, $1, $2, $1)", 3_i64, "t"))
        .await
        .expect("is written");
    for (wanted, found) in [(None, true), (Some("t"), true), (Some("u"), false)] {
        let row = store
            .row(sql!(
                "SELECT number FROM things WHERE tenant = $1 AND (CAST($2 AS TEXT) IS NULL OR name = $2)",
                "t",
                wanted
            ))
            .await
            .expect("is read");
        assert_eq!(row.is_some(), found, "{wanted:?}");
    }
}

async fn sums_and_counts_are_numbers(place: &Place) {
    let store = place.open().await;
    for id in 1_i64..=3 {
        store
            .commit(sql!("INSERT INTO things (tenant, id, number) VALUES ($1, $2, $3)", "t", id, id * 10))
            .await
            .expect("is written");
    }
    let row = store
        .row(sql!(
            "SELECT COUNT(*) AS many, CAST(SUM(number) AS BIGINT) AS sum, COALESCE(MAX(number), 0) AS most, \
             CASE WHEN MIN(number) > 5 THEN 1 ELSE 0 END AS flag FROM things WHERE tenant = $1",
            "t"
        ))
        .await
        .expect("is read")
        .expect("is there");
    assert_eq!(row.int("many").expect("a number"), 3);
    assert_eq!(row.int("sum").expect("a number"), 60);
    assert_eq!(row.int("most").expect("a number"), 30);
    assert!(row.flag("flag").expect("a flag"));
}

async fn a_column_of_another_kind_is_corrupt(place: &Place) {
    let store = place.open().await;
    store
        .commit(sql!("INSERT INTO things (tenant, id, name) VALUES ($1, $2, $3)", "t", 1_i64, "no number"))
        .await
        .expect("is written");
    let row = store
        .row(sql!("SELECT id, name FROM things WHERE tenant = $1", "t"))
        .await
        .expect("is read")
        .expect("is there");
    assert!(row.int("name").is_err(), "a text is no number");
    assert!(row.text("id").is_err(), "a number is no text");
    assert!(row.text("absent").expect_err("there is no such column").to_string().contains("absent"));
    assert!(row.json::<serde_json::Value>("name").is_err(), "not JSON");
}

async fn many_rows_come_back_in_order(place: &Place) {
    let store = place.open().await;
    let mut change = outlive_store::Change::new();
    for id in 0_i64..1_000 {
        change.add(sql!("INSERT INTO things (tenant, id) VALUES ($1, $2)", "t", id).expect_rows(1));
    }
    store.commit(change).await.expect("is written");
    let rows = store
        .rows(sql!("SELECT id FROM things WHERE tenant = $1 ORDER BY id LIMIT $2", "t", 900_i64))
        .await
        .expect("is read");
    let ids: Vec<i64> = rows.iter().map(|row| row.int("id").expect("a number")).collect();
    assert_eq!(ids, (0..900).collect::<Vec<_>>());
}
