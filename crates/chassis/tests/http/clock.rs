use std::time::Duration;

use axum::body::Body;
use http::Method;
use outlive_store::{Statement, sql};
use serde_json::{Value, json};

use crate::scene::{NOON, Scene, json_request, lab, request, tenant};

#[tokio::test]
async fn a_clock_that_stands_still_shows_what_it_was_set_to() {
    let scene = Scene::start().await;
    scene.create(1, &[("a", "2026-01-05T13:00:00Z")]).await;
    scene.create(2, &[]).await;
    let clock = json!({"now": NOON, "speed": 0, "next_due": "2026-01-05T13:00:00Z"});
    for _ in 0..3 {
        assert_eq!(scene.get(&lab(1, "/clock")).await.body, clock);
    }
    let moved = scene.put(&lab(1, "/clock"), json!({"now": "2026-04-05T12:00:00.000001Z"})).await;
    let clock = json!({"now": "2026-04-05T12:00:00.000001Z", "speed": 0, "next_due": "2026-01-05T13:00:00Z"});
    assert_eq!((moved.status, &moved.body), (200, &clock));
    assert_eq!(scene.get(&lab(1, "/clock")).await.body, clock);
    assert_eq!(scene.get(&lab(2, "/clock")).await.body["now"], json!(NOON), "the other's is its own");
}

#[tokio::test]
async fn time_never_goes_back() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for back in ["2026-01-05T11:59:59.999999Z", "1970-01-01T00:00:00Z"] {
        let refused = scene.put(&lab(1, "/clock"), json!({"now": back})).await;
        assert_eq!(refused.refused(), (409, "Conflict"));
        assert!(refused.body["error"]["message"].as_str().is_some_and(|message| message.contains(NOON)));
    }
    assert_eq!(
        scene.put(&lab(1, "/clock"), json!({"now": NOON})).await.status,
        200,
        "where it is, it may stay"
    );
    let end = "9999-12-30T22:00:00Z";
    assert_eq!(
        scene.put(&lab(1, "/clock"), json!({"now": end, "speed": 86_400})).await.body["now"],
        json!(end)
    );
    assert_eq!(scene.get(&lab(1, "/clock")).await.body["now"], json!(end), "it stops at the end of time");
}

/// Reads of a running clock during the commit that stops it: none is later than where it stops.
pub(crate) async fn stops_after_all_reads(scene: &Scene) {
    let path = lab(1, "/clock");
    let now = |answer: Value| -> outlive_clock::Instant {
        answer["now"].as_str().expect("a text").parse().expect("an instant")
    };
    let mut before = None;
    for round in 0..10_u128 {
        assert_eq!(scene.put(&path, json!({"speed": 86_400})).await.status, 200);
        let is_over = std::sync::atomic::AtomicBool::new(false);
        // Other changes, so that the commit takes its time.
        let others = futures::future::join_all((2..20).map(|other| scene.create(round * 100 + other, &[])));
        let stop = async {
            let stopped = scene.put(&path, json!({"speed": 0})).await;
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            stopped
        };
        let read = async {
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                before = before.max(Some(now(scene.get(&path).await.body)));
                tokio::task::yield_now().await;
            }
        };
        let (_, stopped, ()) = tokio::join!(others, stop, read);
        assert_eq!((stopped.status, &stopped.body["speed"]), (200, &json!(0)), "{stopped:?}");
        let after = now(scene.get(&path).await.body);
        assert!(before <= Some(after), "{before:?} was read, and then {after}");
    }
}

#[tokio::test]
async fn a_clock_stops_after_everything_that_was_read() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    stops_after_all_reads(&scene).await;
}

#[tokio::test]
async fn of_many_who_move_a_clock_at_once_the_farthest_wins() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let path = lab(1, "/clock");
    let moving = (1..=30).map(|day| {
        // In no order: 7 and 31 share no divisor.
        scene.put(&path, json!({"now": format!("2026-03-{:02}T00:00:00Z", day * 7 % 31)}))
    });
    for answer in futures::future::join_all(moving).await {
        assert!(matches!(answer.status, 200 | 409), "{answer:?}");
    }
    assert_eq!(scene.get(&path).await.body["now"], json!("2026-03-30T00:00:00Z"));
}

#[tokio::test]
async fn a_clock_runs_at_the_given_speed_and_stops_where_it_is() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let now = |answer: &Value| -> outlive_clock::Instant {
        answer["now"].as_str().expect("a text").parse().expect("an instant")
    };
    let begun = outlive_clock::wall_now();
    let started = scene.put(&lab(1, "/clock"), json!({"speed": 86_400})).await.body;
    assert_eq!(started["speed"], json!(86_400));
    let stopped = scene.put(&lab(1, "/clock"), json!({"speed": 0})).await.body;
    let wall = outlive_clock::wall_now() - begun;
    let noon: outlive_clock::Instant = NOON.parse().expect("an instant");
    assert!(now(&stopped) > noon && now(&stopped) >= now(&started), "{stopped}");
    assert!(now(&stopped) - noon <= wall * 86_400, "no faster than its speed");
    assert_eq!(scene.get(&lab(1, "/clock")).await.body, stopped);
}

#[tokio::test]
async fn clocks_set_with_the_same_anchor_agree() {
    let scene = Scene::start().await;
    let anchor = outlive_clock::wall_now() - outlive_clock::Span::from_seconds(10);
    scene.put(&lab(1, ""), json!({"clock": {"now": NOON, "speed": 60, "wall": anchor}})).await;
    scene.create(2, &[]).await;
    scene.put(&lab(2, "/clock"), json!({"now": NOON, "speed": 60, "wall": anchor})).await;
    // Stopped at the same wall instant, they would agree; stopped one after the other, they differ
    // by at most the time between.
    let stop = async |number| -> outlive_clock::Instant {
        let stopped = scene.put(&lab(number, "/clock"), json!({"speed": 0})).await.body;
        stopped["now"].as_str().expect("a text").parse().expect("an instant")
    };
    let begun = outlive_clock::wall_now();
    let (one, two) = (stop(1).await, stop(2).await);
    let took = outlive_clock::wall_now() - begun;
    assert!(two >= one && two - one <= took * 60, "{one} {two}");
    let ten_minutes_past: outlive_clock::Instant = "2026-01-05T12:10:00Z".parse().expect("an instant");
    assert!(one >= ten_minutes_past, "it runs since the anchor: {one}");
    let ahead = outlive_clock::wall_now() + outlive_clock::Span::from_days(1);
    let answer = scene.put(&lab(2, "/clock"), json!({"now": NOON, "wall": ahead})).await;
    assert_eq!(answer.refused(), (409, "Conflict"), "an anchor that is still to come counts as now");
}

#[tokio::test]
async fn a_move_that_cannot_be_read_moves_nothing() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for body in [
        "",
        "x",
        "[]",
        r#"{"now":"tomorrow"}"#,
        r#"{"now":1}"#,
        r#"{"speed":"fast"}"#,
        r#"{"speed":-1}"#,
        r#"{"speed":86401}"#,
        r#"{"speed":4294967295}"#,
        r#"{"to":"2027-01-01T00:00:00Z"}"#,
        r#"{"now":"10000-01-01T00:00:00Z"}"#,
        r#"{"now":"-000001-01-01T00:00:00Z"}"#,
    ] {
        let answer = scene.send(json_request(Method::PUT, &lab(1, "/clock"), body)).await;
        assert_eq!(answer.refused(), (400, "BadRequest"), "{body}");
    }
    assert_eq!(scene.put(&lab(9, "/clock"), json!({"now": NOON})).await.refused(), (404, "TenantNotFound"));
    assert_eq!(scene.put(&lab(1, "/clock"), json!({})).await.body["now"], json!(NOON));
}

/// A change that was meant for a tenant before it was started over does not reach the new one.
#[tokio::test]
async fn a_change_for_an_earlier_incarnation_of_a_tenant_is_rejected() {
    let scene = Scene::start().await;
    let (first, second) = ("2026-03-01T08:00:00.000001Z", "2026-03-01T08:00:00.000002Z");
    for incarnation in [first, second] {
        let clock = json!({"now": NOON, "speed": 0, "incarnation": incarnation});
        scene.delete(&lab(1, "")).await;
        let created = scene.put(&lab(1, ""), json!({ "clock": clock, "reminders": [] })).await;
        assert_eq!(created.status, 201, "{}", created.body);
    }
    let later = "2027-01-01T00:00:00Z";
    let stale = [
        scene.put(&lab(1, "/clock"), json!({"now": later, "incarnation": first})).await,
        scene.put(&lab(1, "/clock"), json!({"now": later, "step": true, "incarnation": first})).await,
        scene.put(&lab(1, "/clock"), json!({"speed": 60, "incarnation": first})).await,
        scene.post_json(&lab(1, "/due"), json!({"now": later, "incarnation": first})).await,
        scene.post_json(&lab(1, "/due"), json!({"incarnation": first})).await,
    ];
    for answer in stale {
        assert_eq!(answer.refused(), (412, "TenantStartedOver"));
    }
    let present = scene.get(&lab(1, "/clock")).await.body;
    assert_eq!((&present["now"], &present["speed"]), (&json!(NOON), &json!(0)));
    let due = scene.post_json(&lab(1, "/due"), json!({"incarnation": second})).await;
    assert_eq!(due.status, 200, "{}", due.body);
    let moved = scene.put(&lab(1, "/clock"), json!({"now": later, "incarnation": second})).await;
    assert_eq!(moved.body["now"], json!(later));
}

async fn stored_time(scene: &Scene) -> outlive_clock::Instant {
    let row = scene.chassis.store.row(sql!("SELECT shows_us FROM clocks WHERE tenant = $1", tenant(1))).await;
    row.expect("is read").expect("a clock").instant("shows_us").expect("an instant")
}

#[tokio::test]
async fn a_clock_is_stored_before_the_answer() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let now = "2026-01-06T12:00:00Z";
    assert_eq!(scene.put(&lab(1, "/clock"), json!({ "now": now })).await.status, 200);
    assert_eq!(stored_time(&scene).await.to_string(), now);
}

#[tokio::test]
async fn a_clock_that_cannot_be_stored_does_not_move() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let read_only =
        "CREATE TRIGGER read_only BEFORE UPDATE ON clocks BEGIN SELECT RAISE(ABORT, 'read only'); END";
    scene.chassis.store.commit(Statement::new(read_only, Vec::new())).await.expect("is created");
    let path = lab(1, "/clock");
    let moving = scene.put(&path, json!({"now": "2026-01-06T12:00:00Z"}));
    let answer = tokio::time::timeout(Duration::from_secs(20), moving).await.expect("no attempt follows");
    assert_eq!(answer.refused(), (503, "ServiceUnavailable"));
    assert_eq!(scene.get(&path).await.body["now"], json!(NOON));
}

/// A clock is remembered and stored; a caller that is gone in between must not part the two.
#[tokio::test]
async fn a_change_whose_caller_is_gone_does_not_spoil_the_clock() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let start: outlive_clock::Instant = NOON.parse().expect("an instant");
    for turn in 1..200_i64 {
        let now = start + outlive_clock::Span::from_seconds(turn);
        let path = lab(1, "/clock");
        let change = scene.put(&path, json!({"now": now, "step": turn % 3 == 0}));
        let patience = Duration::from_micros(u64::try_from(turn * 10).expect("positive"));
        let _ = tokio::time::timeout(patience, change).await;
    }
    let later = start + outlive_clock::Span::from_hours(1);
    let answer = scene.put(&lab(1, "/clock"), json!({"now": later})).await;
    assert_eq!((answer.status, &answer.body["now"]), (200, &json!(later)), "{answer:?}");
}

#[tokio::test]
async fn responses_about_a_tenant_have_its_date() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    scene.create(2, &[]).await;
    let date = async |path: &str| {
        let date = scene.get(path).await.headers.get("date").cloned();
        date.map(|date| date.to_str().expect("a text").to_owned())
    };
    assert_eq!(date(&lab(1, "/clock")).await.as_deref(), Some("Mon, 05 Jan 2026 12:00:00 GMT"));
    let moved = scene.put(&lab(1, "/clock"), json!({"now": "2027-02-09T12:00:00.9Z"})).await;
    assert_eq!(moved.headers["date"], "Tue, 09 Feb 2027 12:00:00 GMT");
    assert_eq!(date(&lab(1, "/clock")).await.as_deref(), Some("Tue, 09 Feb 2027 12:00:00 GMT"));
    assert_eq!(date(&lab(2, "/clock")).await.as_deref(), Some("Mon, 05 Jan 2026 12:00:00 GMT"));
    // The server writes wall time where no tenant is concerned.
    assert_eq!(date("/healthz").await, None);
    // Where the path leads nowhere, or the method does not fit, the token names the tenant.
    let of_first = "Bearer e30.eyJ0aWQiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDEifQ.";
    let of_no_tenant = of_first.replace("EifQ", "kifQ");
    for (token, expected) in [(of_first, Some("Tue, 09 Feb 2027 12:00:00 GMT")), (&of_no_tenant, None)] {
        for (method, path) in [(Method::GET, "/nowhere"), (Method::DELETE, "/healthz")] {
            let request = request(method, path).header("authorization", token).body(Body::empty());
            let answer = scene.send(request.expect("a request")).await;
            let date = answer.headers.get("date").map(|date| date.to_str().expect("a text"));
            assert_eq!(date, expected, "{path}: {answer:?}");
        }
    }
}
