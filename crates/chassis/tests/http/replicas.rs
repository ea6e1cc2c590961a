//! Several processes of one service on one PostgreSQL schema.

use std::collections::HashSet;

use serde_json::json;

use crate::scene::{NOON, Place, lab, tenant};

#[tokio::test]
async fn replicas_agree_on_time_when_moving_it_returns() {
    let Some(place) = Place::postgres("replicas::replicas_agree_on_time_when_moving_it_returns") else {
        return;
    };
    let (one, two) = (place.start().await, place.start().await);
    one.create(1, &[("a", "2026-01-05T13:00:00Z")]).await;
    assert_eq!(two.get("/_lab/tenants").await.body, json!({"tenants": [tenant(1)]}));
    for (turn, day) in (6..=25).enumerate() {
        let (mover, other) = if turn % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let now = format!("2026-01-{day:02}T12:00:00Z");
        let moved = mover.put(&lab(1, "/clock"), json!({"now": now})).await;
        assert_eq!(moved.body["now"], json!(now));
        assert_eq!(other.get(&lab(1, "/clock")).await.body, moved.body);
        assert_eq!(other.put(&lab(1, "/clock"), json!({"now": NOON})).await.refused(), (409, "Conflict"));
    }
    let done = one.post(&lab(1, "/due")).await;
    assert_eq!(done.body, json!({"done": 1, "failed": 0, "started": 0, "next_due": null}));
    assert_eq!(
        two.post(&lab(1, "/due")).await.body,
        json!({"done": 0, "failed": 0, "started": 0, "next_due": null})
    );
    assert_eq!(two.put(&lab(1, ""), json!({})).await.refused(), (409, "Conflict"));
    assert_eq!(two.delete(&lab(1, "")).await.status, 204);
    assert_eq!(one.get(&lab(1, "/clock")).await.refused(), (404, "TenantNotFound"));
    place.remove().await;
}

#[tokio::test]
async fn of_many_who_move_a_clock_by_different_replicas_the_farthest_wins() {
    let Some(place) =
        Place::postgres("replicas::of_many_who_move_a_clock_by_different_replicas_the_farthest_wins")
    else {
        return;
    };
    let replicas = [place.start().await, place.start().await];
    replicas[0].create(1, &[]).await;
    let path = lab(1, "/clock");
    let moves = (1..=30_usize).map(|day| {
        let body = match day % 5 {
            // Only the speed: it must not put the hands back to where this replica saw them.
            0 => json!({"speed": 0}),
            _ => json!({"now": format!("2026-03-{:02}T00:00:00Z", day * 7 % 31)}),
        };
        replicas[day % 2].put(&path, body)
    });
    for answer in futures::future::join_all(moves).await {
        assert!(matches!(answer.status, 200 | 409), "{answer:?}");
    }
    for replica in &replicas {
        assert_eq!(replica.get(&path).await.body["now"], json!("2026-03-30T00:00:00Z"));
    }
    place.remove().await;
}

#[tokio::test]
async fn a_clock_of_replicas_stops_after_everything_that_was_read() {
    let Some(place) = Place::postgres("replicas::a_clock_of_replicas_stops_after_everything_that_was_read")
    else {
        return;
    };
    let scene = place.start().await;
    scene.create(1, &[]).await;
    crate::clock::stops_after_all_reads(&scene).await;
    place.remove().await;
}

#[tokio::test]
async fn replicas_that_start_at_once_draw_apart() {
    let Some(place) = Place::postgres("replicas::replicas_that_start_at_once_draw_apart") else { return };
    let chassis = futures::future::join_all((0..6).map(|_| place.chassis())).await;
    let draws: HashSet<_> = chassis.iter().map(|chassis| chassis.random.stream("id").next_u64()).collect();
    assert_eq!(draws.len(), 6);
    place.remove().await;
}
