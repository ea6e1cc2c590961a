use http::Method;
use outlive_store::sql;
use serde_json::json;

use crate::scene::{NOON, Scene, json_request, lab, tenant};

#[tokio::test]
async fn a_tenant_is_made_once_listed_and_removed_with_all_it_had() {
    let scene = Scene::start().await;
    assert_eq!(scene.get("/_lab/tenants").await.body, json!({"tenants": []}));
    scene.create(2, &[("a", NOON)]).await;
    scene.create(1, &[("a", NOON), ("b", NOON)]).await;
    assert_eq!(scene.get("/_lab/tenants").await.body, json!({"tenants": [tenant(1), tenant(2)]}));

    let again = scene.put(&lab(1, ""), json!({"reminders": [{"id": "c", "due": NOON}]})).await;
    assert_eq!(again.refused(), (409, "Conflict"));
    assert_eq!(rows(&scene, "reminders").await, 3, "nothing of the second was written");
    assert_eq!(rows(&scene, "journal").await, 2);

    let gone = scene.delete(&lab(1, "")).await;
    assert_eq!((gone.status, gone.body), (204, json!("")));
    assert_eq!(scene.get("/_lab/tenants").await.body, json!({"tenants": [tenant(2)]}));
    for (table, left) in [("reminders", 1), ("journal", 1), ("clocks", 1)] {
        assert_eq!(rows(&scene, table).await, left, "{table}");
    }
    for path in ["", "/clock", "/journal", "/journal/stream", "/due"] {
        let answer = match path {
            "" => scene.delete(&lab(1, path)).await,
            "/due" => scene.post(&lab(1, path)).await,
            _ => scene.get(&lab(1, path)).await,
        };
        assert_eq!(answer.refused(), (404, "TenantNotFound"), "{path}");
    }
    scene.create(1, &[]).await;
    let journal = scene.get(&lab(1, "/journal")).await;
    assert_eq!(journal.body["lines"].as_array().map(Vec::len), Some(1), "nothing came back with the name");
}

async fn rows(scene: &Scene, table: &str) -> i64 {
    let statement = match table {
        "reminders" => sql!("SELECT COUNT(*) AS many FROM reminders"),
        "journal" => sql!("SELECT COUNT(*) AS many FROM journal"),
        "clocks" => sql!("SELECT COUNT(*) AS many FROM clocks"),
        other => panic!("no table {other}"),
    };
    let row = scene.chassis.store.row(statement).await.expect("reads").expect("a row");
    row.int("many").expect("a number")
}

#[tokio::test]
async fn creating_a_tenant_is_recorded_in_its_journal() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let journal = scene.get(&lab(1, "/journal")).await;
    let line = &journal.body["lines"][0];
    assert_eq!(
        (&line["kind"], &line["at"], &line["seq"]),
        (&json!("tenant.created"), &json!(NOON), &json!(1))
    );
    assert_eq!(line["subject"], json!(format!("tenant:{}", tenant(1))));
    assert_eq!(line["trace"].as_str().map(str::len), Some(32));
}

#[tokio::test]
async fn without_a_clock_a_tenant_lives_now() {
    let scene = Scene::start().await;
    let before = outlive_clock::wall_now();
    assert_eq!(scene.put(&lab(1, ""), json!({})).await.status, 201);
    let clock = scene.get(&lab(1, "/clock")).await.body;
    let now: outlive_clock::Instant = clock["now"].as_str().expect("a text").parse().expect("an instant");
    assert!(now >= before && now <= outlive_clock::wall_now());
    assert_eq!((&clock["speed"], &clock["next_due"]), (&json!(1), &json!(null)));
}

#[tokio::test]
async fn a_description_that_cannot_be_read_makes_nothing() {
    let scene = Scene::start().await;
    for (which, body) in [
        ("nothing", ""),
        ("half", "{\"clock\":"),
        ("a list", "[]"),
        ("a text", "\"x\""),
        ("another member", r#"{"remainders":[]}"#),
        ("another kind", r#"{"reminders":7}"#),
        ("no instant", r#"{"clock":{"now":"yesterday"}}"#),
        ("before 1970", r#"{"clock":{"now":"1969-12-31T23:59:59Z"}}"#),
        ("long before 1970", r#"{"clock":{"now":"-009999-01-02T00:00:00Z"}}"#),
        ("another member of the clock", r#"{"clock":{"time":1}}"#),
        ("a negative speed", r#"{"clock":{"speed":-1}}"#),
        ("a fraction of a speed", r#"{"clock":{"speed":0.5}}"#),
        ("too fast", r#"{"clock":{"speed":4294967296}}"#),
        ("deep", &"[".repeat(100_000)),
        ("no UTF-8", "\u{0}"),
    ] {
        let answer = scene.send(json_request(Method::PUT, &lab(1, ""), body.to_owned())).await;
        assert_eq!(answer.refused(), (400, "BadRequest"), "{which}");
    }
    let twice = json!({"reminders": [{"id": "a", "due": NOON}, {"id": "a", "due": NOON}]});
    assert_eq!(scene.put(&lab(1, ""), twice).await.refused(), (409, "Conflict"));
    let not_json =
        scene.send(crate::scene::request(Method::PUT, &lab(1, "")).body("{}".into()).expect("a request"));
    assert_eq!(not_json.await.refused(), (400, "BadRequest"), "no content type");
    assert_eq!(scene.get("/_lab/tenants").await.body, json!({"tenants": []}));
}

#[tokio::test]
async fn an_invalid_id_is_a_404() {
    let scene = Scene::start().await;
    for name in ["x", "00000000-0000-0000-0000-00000000000", "%00", "..%2F..", "ü"] {
        let name = name.replace('ü', "%C3%BC");
        for path in ["", "/clock", "/journal"] {
            let answer = match path {
                "" => scene.put(&format!("/_lab/tenants/{name}"), json!({})).await,
                _ => scene.get(&format!("/_lab/tenants/{name}{path}")).await,
            };
            assert_eq!(answer.refused(), (404, "TenantNotFound"), "{name}{path}");
        }
    }
    assert_eq!(scene.get("/_lab/tenants/%FF/clock").await.refused(), (400, "BadRequest"), "no text at all");
}

#[tokio::test]
async fn of_many_who_make_the_same_tenant_one_does() {
    let scene = Scene::start().await;
    let path = lab(1, "");
    let making = (0..20).map(|_| scene.put(&path, json!({"clock": {"now": NOON, "speed": 0}})));
    let mut statuses: Vec<_> =
        futures::future::join_all(making).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
}

/// A lab that stood still deletes a tenant that was started over meanwhile.
#[tokio::test]
async fn a_deletion_for_earlier_data_deletes_nothing() {
    let scene = Scene::start().await;
    let (earlier, later) = ("2026-01-05T12:00:00Z", "2026-01-05T12:00:00.000001Z");
    let created = scene.put(&lab(1, ""), json!({"clock": {"now": NOON, "incarnation": later}})).await;
    assert_eq!(created.status, 201, "{created:?}");
    let refused = scene.delete(&lab(1, &format!("?until={earlier}"))).await;
    assert_eq!(refused.refused(), (412, "TenantStartedOver"));
    assert_eq!(rows(&scene, "clocks").await, 1);
    assert_eq!(scene.delete(&lab(1, "?until=soon")).await.status, 400);
    assert_eq!(scene.delete(&lab(1, &format!("?until={later}"))).await.status, 204);
    assert_eq!(rows(&scene, "clocks").await, 0);
}
