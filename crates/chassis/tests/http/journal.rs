use std::time::Duration;

use axum::body::Body;
use http::Method;
use http_body_util::BodyExt as _;
use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_wire::events::TokenIssued;
use outlive_wire::{EventPayload as _, JournalEvent};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::scene::{NOON, Scene, lab, request, tenant};

async fn write(scene: &Scene, number: u128, kind: &str, subject: &str, trace: &str) {
    let noon: Instant = NOON.parse().expect("an instant");
    let described = JournalEvent::descriptions();
    let described = described.iter().find(|described| described.kind == kind).expect("a kind");
    let event = JournalEvent::read(kind, &described.example).expect("an example");
    let subject = subject.parse().expect("a subject");
    let event = Event::new(tenant(number), noon, subject, trace, event);
    scene.chassis.journal.append(&event).await.expect("is written");
}

fn seqs(body: &Value) -> Vec<i64> {
    body["lines"].as_array().expect("lines").iter().filter_map(|line| line["seq"].as_i64()).collect()
}

#[tokio::test]
async fn a_journal_is_read_by_kind_subject_trace_and_place() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for (kind, subject, trace) in
        [("token.issued", "user:1", "a"), ("token.refused", "user:2", "a"), ("run.waiting", "user:1", "b")]
    {
        write(&scene, 1, kind, subject, trace).await;
    }
    for (query, found, next) in [
        ("", &[1, 2, 3, 4][..], 4),
        ("?kind=token.", &[2, 3], 3),
        ("?kind=token.issued", &[2], 2),
        ("?subject=user:1", &[2, 4], 4),
        ("?subject=user%3A1&kind=run.", &[4], 4),
        ("?trace=a", &[2, 3], 3),
        ("?after=2", &[3, 4], 4),
        ("?after=2&limit=1", &[3], 3),
        ("?after=4", &[], 4),
        ("?after=77", &[], 77),
        ("?limit=0", &[], 0),
        ("?limit=4294967295", &[1, 2, 3, 4], 4),
        ("?kind=%00&trace=%27%3B--", &[], 0),
    ] {
        let answer = scene.get(&lab(1, &format!("/journal{query}"))).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        assert_eq!(seqs(&answer.body), found, "{query}");
        assert_eq!(answer.body["next"], json!(next), "{query}");
    }
    for query in ["?limit=-1", "?limit=4294967296", "?after=x", "?colors=a", "?after=9223372036854775808"] {
        let answer = scene.get(&lab(1, &format!("/journal{query}"))).await;
        assert_eq!(answer.refused(), (400, "BadRequest"), "{query}");
        let answer = scene.get(&lab(1, &format!("/journal/stream{query}"))).await;
        assert_eq!(answer.refused(), (400, "BadRequest"), "{query}");
    }
}

#[tokio::test]
async fn a_line_has_all_members() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    write(&scene, 1, "token.issued", "user:1", "4bf92f3577b34da6a3ce929d0e0e4736").await;
    let mut answer = scene.get(&lab(1, "/journal?after=1")).await.body;
    let wall = answer["lines"][0].as_object_mut().and_then(|line| line.remove("wall")).expect("a wall time");
    assert!(wall.as_str().is_some_and(|wall| wall.parse::<Instant>().is_ok()), "{wall}");
    let line = json!({
        "seq": 2, "service": "reminders", "tenant": tenant(1), "at": NOON, "kind": "token.issued",
        "subject": "user:1", "trace": "4bf92f3577b34da6a3ce929d0e0e4736", "data": TokenIssued::example(),
    });
    assert_eq!(answer, json!({"lines": [line], "next": 2}));
}

/// The next event of a stream: its id and its data.
async fn next_event(body: &mut Body) -> (String, Value) {
    let reading = async {
        loop {
            let frame = body.frame().await.expect("the stream goes on").expect("and is whole");
            let text = String::from_utf8(frame.into_data().expect("data").to_vec()).expect("UTF-8");
            // Anything else is a sign of life.
            if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
                let id = text.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id");
                return (id.to_owned(), serde_json::from_str(data).expect("JSON"));
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("it comes soon")
}

#[tokio::test]
async fn the_stream_returns_past_and_new_lines() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    scene.create(2, &[]).await;
    write(&scene, 1, "token.issued", "user:1", "a").await;
    let following = request(Method::GET, &lab(1, "/journal/stream?after=1&kind=token.")).body(Body::empty());
    let response = scene.app.clone().oneshot(following.expect("a request")).await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let (id, line) = next_event(&mut body).await;
    assert_eq!((id.as_str(), &line["kind"], &line["seq"]), ("3", &json!("token.issued"), &json!(3)));

    write(&scene, 1, "run.waiting", "user:1", "a").await;
    write(&scene, 2, "token.issued", "user:2", "a").await;
    write(&scene, 1, "token.refused", "user:1", "a").await;
    let (id, line) = next_event(&mut body).await;
    assert_eq!(
        (id.as_str(), &line["kind"], &line["tenant"]),
        ("6", &json!("token.refused"), &json!(tenant(1)))
    );
    scene.chassis.close().await;
    let end = tokio::time::timeout(Duration::from_secs(20), body.collect()).await;
    assert!(end.is_ok(), "with the service the stream ends");
}

#[tokio::test]
async fn with_the_tenant_the_stream_ends() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let following = request(Method::GET, &lab(1, "/journal/stream")).body(Body::empty());
    let response = scene.app.clone().oneshot(following.expect("a request")).await.expect("an answer");
    let mut body = response.into_body();
    next_event(&mut body).await;
    let gone = scene.send(request(Method::DELETE, &lab(1, "")).body(Body::empty()).expect("a request")).await;
    assert_eq!(gone.status, 204);
    let end = tokio::time::timeout(Duration::from_secs(20), body.collect()).await;
    assert!(end.is_ok());
}
