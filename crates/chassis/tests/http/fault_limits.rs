//! What faults cost and how many there may be: of requests that wait, and of faults themselves.

use axum::body::Body;
use http::Method;
use serde_json::json;

use crate::faults::{add, hits, path, send, statuses};
use crate::scene::{Place, Scene, lab, request, tenant};

/// What the database of the service has done since the start: reads and changes.
async fn work(scene: &Scene) -> (u64, u64) {
    let counts = scene.get("/_lab/counts").await.body;
    let number = |name: &str| counts["database"][name].as_u64().expect("a number");
    (number("reads"), number("changes"))
}

#[tokio::test]
async fn requests_cost_nothing_again_when_the_last_fault_is_removed_or_has_ended() {
    let scene = Scene::start().await;
    let (met, unmet) = (vec![path(1, "/"); 2], vec![path(1, "/"); 5]);
    scene.create(1, &[]).await;
    for end in ["removed", "all removed", "counted", "over"] {
        let fault = match end {
            "counted" => json!({"do": {"status": 503}, "count": 2}),
            "over" => json!({"do": {"status": 503}, "for": "PT1H"}),
            _ => json!({"do": {"status": 503}}),
        };
        let id = add(&scene, 1, fault).await["id"].as_str().expect("an id").to_owned();
        assert_eq!(statuses(&scene, &met).await, [503, 503], "{end}");
        match end {
            "removed" => drop(scene.delete(&lab(1, &format!("/faults/{id}"))).await),
            "all removed" => drop(scene.delete(&lab(1, "/faults")).await),
            "over" => drop(scene.put(&lab(1, "/clock"), json!({"now": "2026-01-05T13:00:00Z"})).await),
            _ => {}
        }
        // The first one notices.
        assert_eq!(statuses(&scene, &unmet).await, [404; 5], "{end}");
        let before = work(&scene).await;
        assert_eq!(statuses(&scene, &unmet).await, [404; 5], "{end}");
        assert_eq!(work(&scene).await, before, "{end}");
        let stored = outlive_store::sql!("SELECT faults FROM clocks WHERE tenant = $1", tenant(1));
        let row = scene.chassis.store.row(stored).await.expect("reads").expect("a clock");
        assert_eq!(row.int("faults").expect("a number") == 0, end.ends_with("removed"), "{end}");
    }
    // One that has not begun is not forgotten.
    add(&scene, 1, json!({"do": {"status": 503}, "from": "2026-01-05T14:00:00Z"})).await;
    assert_eq!(statuses(&scene, &unmet).await, [404; 5]);
    scene.put(&lab(1, "/clock"), json!({"now": "2026-01-05T14:00:00Z"})).await;
    assert_eq!(statuses(&scene, &met).await, [503, 503]);
}

#[tokio::test]
async fn a_spent_fault_costs_nothing_beside_another() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    add(&scene, 1, json!({"endpoint": "/*/token", "do": {"status": 503}, "count": 1})).await;
    add(&scene, 1, json!({"endpoint": "/*/keys", "do": {"status": 500}})).await;
    let all = [path(1, "/token"), path(1, "/token"), path(1, "/keys")];
    assert_eq!(statuses(&scene, &all).await, [503, 404, 500]);
    let before = work(&scene).await;
    assert_eq!(statuses(&scene, &all[..2]).await, [404, 404]);
    assert_eq!(work(&scene).await, before);
}

#[tokio::test]
async fn no_more_requests_wait_than_a_service_can_hold() {
    let scene = std::sync::Arc::new(Scene::start().await);
    scene.create(1, &[]).await;
    scene.create(2, &[]).await;
    for number in [1, 2] {
        add(&scene, number, json!({"do": {"delay": "PT2M"}})).await;
    }
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let scene = std::sync::Arc::clone(&scene);
            tokio::spawn(async move { scene.get(&path(1, "/")).await.status })
        })
        .collect();
    while hits(&scene, 1).await.len() < 100 {
        outlive_chassis::pause(std::time::Duration::from_millis(20)).await;
    }
    let refused = scene.get(&path(1, "/")).await;
    assert_eq!(refused.refused(), (503, "TooManyWaiting"));
    assert_eq!(refused.headers["retry-after"], "1");
    assert!(refused.headers.contains_key("outlive-fault"));
    // A service that waits in virtual time holds nothing, and other tenants have their own limit.
    assert_eq!(send(&scene, true, 1).await.status, 404);
    let other = tokio::spawn({
        let scene = std::sync::Arc::clone(&scene);
        async move { scene.get(&path(2, "/")).await.status }
    });
    while hits(&scene, 2).await.is_empty() {
        outlive_chassis::pause(std::time::Duration::from_millis(20)).await;
    }
    assert!(!other.is_finished());
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    waiting.iter().chain([&other]).for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn pages_of_other_origins_read_faulty_responses() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for fault in [json!({"status": 429, "retry_after": 7}), json!({"body": {"a": 1}, "malform": true})] {
        add(&scene, 1, json!({"do": fault, "count": 2})).await;
        for (origin, allowed) in [(None, None), (Some("https://spa.example"), Some("*"))] {
            let mut sent = request(Method::GET, &path(1, "/"));
            if let Some(origin) = origin {
                sent = sent.header("origin", origin);
            }
            let answer = scene.send(sent.body(Body::empty()).expect("a request")).await;
            let text = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
            assert_eq!(text("access-control-allow-origin"), allowed, "{fault}");
            let exposed = text("access-control-expose-headers").unwrap_or_default();
            assert_eq!(exposed.contains("outlive-fault"), allowed.is_some(), "{fault}");
            assert_eq!(exposed.contains("Retry-After"), allowed.is_some(), "{fault}");
        }
    }
}

#[tokio::test]
async fn parallel_changes_keep_to_the_limit() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let fault = json!({"service": "idp", "do": {"status": 503}});
    let path = lab(1, "/faults");
    let added = futures::future::join_all((0..60).map(|_| scene.post_json(&path, fault.clone()))).await;
    assert_eq!(added.iter().filter(|answer| answer.status == 201).count(), 50);
    for refused in added.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.refused(), (409, "Conflict"));
        assert!(refused.body.to_string().contains("at most 50 faults"), "{refused:?}");
    }
    let listed = scene.get(&path).await.body["faults"].as_array().expect("a list").len();
    assert_eq!(listed, 50);
    let removed = futures::future::join_all((0..4).map(|_| scene.delete(&path))).await;
    assert!(removed.iter().all(|answer| answer.status == 204), "{removed:?}");
    assert_eq!(scene.get(&path).await.body, json!({"faults": []}));
}

#[tokio::test]
async fn of_parallel_requests_one_looks_for_changes_of_other_replicas() {
    let Some(place) = Place::postgres("faults::of_parallel_requests_one_looks_for_changes_of_other_replicas")
    else {
        return;
    };
    let scene = place.start().await;
    scene.create(1, &[]).await;
    let path = path(1, "/");
    outlive_chassis::pause(std::time::Duration::from_millis(500)).await;
    let (before, begun) = (work(&scene).await.0, outlive_clock::wall_now());
    futures::future::join_all((0..50).map(|_| scene.get(&path))).await;
    let reads = work(&scene).await.0 - before;
    // The watcher of running clocks reads as well, four times per second.
    let watched = u64::try_from((outlive_clock::wall_now() - begun).as_millis() / 250).expect("a number") + 1;
    assert!(reads <= 2 + watched, "{reads} reads");
    place.remove().await;
}
