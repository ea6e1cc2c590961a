use axum::body::Body;
use http::Method;
use outlive_chassis::ClockReading;
use outlive_clock::Instant;
use serde_json::json;

use crate::scene::{NOON, Scene, lab, request, tenant};

const LATER: &str = "2026-01-05T15:00:00Z";

fn instant(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// The time at which a service does due work of a tenant without an incarnation.
fn at(now: &str) -> ClockReading {
    ClockReading { now: instant(now), incarnation: Instant::EPOCH, is_frozen: true }
}

/// The header of a call in due work of this time, if the call carries it.
fn carried(scene: &Scene, number: u128, time: ClockReading) -> Option<String> {
    let trace = scene.chassis.begin_trace(tenant(number), time);
    let call = scene.chassis.http.request(&trace, Method::GET, "http://hub.example/");
    Some(call.header_map().get("outlive-time")?.to_str().expect("text").to_owned())
}

fn header(scene: &Scene, number: u128, now: &str) -> String {
    carried(scene, number, at(now)).expect("the time")
}

impl Scene {
    async fn call_with(&self, time: &str) {
        let call = request(Method::GET, "/nowhere").header("outlive-time", time);
        assert_eq!(self.send(call.body(Body::empty()).expect("a request")).await.status, 404);
    }

    async fn now(&self, number: u128) -> String {
        let clock = self.get(&lab(number, "/clock")).await.body;
        clock["now"].as_str().expect("an instant").to_owned()
    }
}

#[tokio::test]
async fn a_call_brings_the_time_of_the_work_that_makes_it() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    scene.create(2, &[]).await;
    scene.call_with(&header(&scene, 1, LATER)).await;
    assert_eq!((&*scene.now(1).await, &*scene.now(2).await), (LATER, NOON));
    scene.call_with(&header(&scene, 1, NOON)).await;
    assert_eq!(scene.now(1).await, LATER, "time does not go back");
    scene.call_with(&header(&scene, 3, LATER)).await;
}

#[tokio::test]
async fn only_the_lab_key_moves_a_clock_and_only_one_that_stands_still() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let sent = header(&scene, 1, LATER);
    let later = sent.replacen("17676252", "17676253", 1);
    let other = sent.replacen(&tenant(1).to_string(), &tenant(2).to_string(), 1);
    assert!(later != sent && other != sent, "{sent}");
    for forged in [&*later, &other, "", "x", &sent[..sent.len() - 2]] {
        scene.call_with(forged).await;
        assert_eq!(scene.now(1).await, NOON, "{forged}");
    }
    scene.put(&lab(1, "/clock"), json!({"speed": 1})).await;
    scene.call_with(&sent).await;
    assert!(instant(&scene.now(1).await) < instant(LATER), "a running clock is not moved");
}

/// What a service began before the tenant was started over may still be under way.
#[tokio::test]
async fn work_of_an_earlier_incarnation_does_not_move_the_clock_of_the_next() {
    let scene = Scene::start().await;
    let create = async |incarnation: &str| {
        let clock = json!({"now": NOON, "speed": 0, "incarnation": incarnation});
        assert_eq!(scene.put(&lab(1, ""), json!({"clock": clock, "reminders": []})).await.status, 201);
    };
    let read = async || scene.chassis.clocks.reading(tenant(1)).await.expect("a clock");
    create("2026-07-01T09:00:00Z").await;
    let begun = read().await;
    let later = ClockReading { now: instant(LATER), ..begun };
    let under_way = carried(&scene, 1, later).expect("the time");
    assert_eq!(scene.delete(&lab(1, "")).await.status, 204);
    create("2026-07-01T09:00:01Z").await;
    scene.call_with(&under_way).await;
    // Work that goes on makes more calls.
    scene.call_with(&carried(&scene, 1, later).expect("the time")).await;
    assert_eq!(scene.now(1).await, NOON);
    let later = ClockReading { now: instant(LATER), ..read().await };
    scene.call_with(&carried(&scene, 1, later).expect("the time")).await;
    assert_eq!(scene.now(1).await, LATER);
}

/// The clocks of a running tenant are set together: one that is stopped before the others must not
/// be moved by calls of a service whose clock still runs.
#[tokio::test]
async fn calls_carry_the_tenant_but_not_the_time_of_a_running_clock() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let clock = lab(1, "/clock");
    let mut headers = Vec::new();
    for speed in [0, 60] {
        assert_eq!(scene.put(&clock, json!({"speed": speed})).await.status, 200);
        let reading = scene.chassis.clocks.reading(tenant(1)).await.expect("a clock");
        headers.push(carried(&scene, 1, reading).expect("the tenant"));
    }
    assert_eq!(headers.iter().map(|header| header.contains(" - ")).collect::<Vec<_>>(), [false, true]);
    assert_eq!(scene.put(&clock, json!({"speed": 0})).await.status, 200);
    let stopped = scene.now(1).await;
    scene.call_with(&headers[1]).await;
    assert_eq!(scene.now(1).await, stopped);
}

#[tokio::test]
async fn time_is_not_sent_to_other_hosts() {
    let scene = Scene::start().await;
    let trace = scene.chassis.begin_trace(tenant(1), at(LATER));
    let elsewhere = outlive_chassis::HttpClient::to_anywhere().expect("a client");
    let call = elsewhere.request(&trace, Method::GET, "https://elsewhere.example/");
    let headers = call.header_map();
    assert!(!headers.contains_key("outlive-time") && headers.contains_key("traceparent"));
}

/// It is in memory at once, and a call does not wait for its commit.
#[tokio::test]
async fn carried_time_is_written_with_the_next_commit_and_only_if_it_is_new() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for (tenant, carried, deferred) in [(2, NOON, 0), (3, LATER, 1), (4, LATER, 1)] {
        let before = scene.chassis.store.counts();
        scene.call_with(&header(&scene, 1, carried)).await;
        scene.create(tenant, &[]).await;
        let after = scene.chassis.store.counts();
        assert_eq!(after.changes - before.changes, 1, "the other tenant");
        assert_eq!(after.deferred, deferred, "{carried}");
    }
}
