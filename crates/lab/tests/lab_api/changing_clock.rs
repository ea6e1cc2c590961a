//! Changes of a tenant's time that meet one under way, and how far one of them goes.

use std::sync::Arc;

use outlive_clock::{Instant, Span, wall_now};

use super::*;

/// Begins an advance; it ends when the flow service answers.
async fn held_advance(lab: &Arc<Lab>, id: &str, by: &str) -> tokio::task::JoinHandle<(u16, Value)> {
    lab.fakes[3].lock().expect("no test panicked").holds = true;
    let advance = begin(lab, id, json!({ "advance": by }));
    while clock_of(lab, id).await["operation"].is_null() {}
    advance
}

fn begin(lab: &Arc<Lab>, id: &str, change: Value) -> tokio::task::JoinHandle<(u16, Value)> {
    let (lab, path) = (Arc::clone(lab), format!("/{id}/clock"));
    tokio::spawn(async move { lab.call(reqwest::Method::POST, &path, Some(change)).await })
}

async fn clock_of(lab: &Lab, id: &str) -> Value {
    lab.call(reqwest::Method::GET, &format!("/{id}/clock"), None).await.1
}

fn message_of(answer: &Value) -> &str {
    answer["error"]["message"].as_str().expect("a message")
}

#[tokio::test]
async fn a_change_during_an_advance_is_rejected_within_a_second_and_names_the_advance() {
    let lab = Arc::new(Lab::start().await);
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let advance = held_advance(&lab, &id, "P1D").await;
    for (path, body) in [
        ("clock", json!({"advance": "PT1H"})),
        ("clock", json!({"set": "2027-01-01T00:00:00Z"})),
        ("clock", json!({"run": 60})),
        ("events", json!({"type": "sign_out", "user": "owner"})),
    ] {
        let asked = wall_now();
        let path = format!("/{id}/{path}");
        let (status, answer) = lab.call(reqwest::Method::POST, &path, Some(body.clone())).await;
        assert!(wall_now() - asked < Span::from_seconds(1), "{}", wall_now() - asked);
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("OperationInProgress")), "{body}");
        let message = message_of(&answer);
        // What it is, where it goes, how far it is, and how it is ended.
        for part in ["advance", "2026-01-06T09:00:00.5Z", "2026-01-05T09:00:00.5Z", r#"{"run": 0}"#] {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
    }
    lab.fakes[3].lock().expect("no test panicked").holds = false;
    let (status, moved) = advance.await.expect("ends");
    assert_eq!((status, &moved["now"]), (200, &json!("2026-01-06T09:00:00.5Z")), "{moved}");
    let (status, moved) = begin(&lab, &id, json!({"advance": "PT1H"})).await.expect("ends");
    assert_eq!((status, &moved["now"]), (200, &json!("2026-01-06T10:00:00.5Z")), "{moved}");
}

#[tokio::test]
async fn short_changes_wait_for_each_other() {
    let lab = Arc::new(Lab::start().await);
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let changes: Vec<_> = (0..4).map(|_| begin(&lab, &id, json!({"advance": "PT1H"}))).collect();
    for change in changes {
        assert_eq!(change.await.expect("ends").0, 200);
    }
    assert_eq!(clock_of(&lab, &id).await["now"], "2026-01-05T13:00:00.5Z");
}

#[tokio::test]
async fn freezing_the_clock_ends_an_advance_at_one_instant() {
    let lab = Arc::new(Lab::start().await);
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let first: Instant = "2026-01-05T10:00:00Z".parse().expect("an instant");
    lab.fakes[3].lock().expect("no test panicked").due = Some(first);
    let advance = begin(&lab, &id, json!({"advance": "P36525D"}));
    while clock_of(&lab, &id).await["operation"]["done"].as_u64() < Some(2) {}
    let asked = wall_now();
    let (status, frozen) = begin(&lab, &id, json!({"run": 0})).await.expect("ends");
    assert!(wall_now() - asked < Span::from_seconds(5), "{}", wall_now() - asked);
    assert_eq!((status, &frozen["speed"], &frozen["operation"]), (200, &json!(0), &Value::Null), "{frozen}");
    let now = frozen["now"].as_str().expect("an instant");
    assert!(now > "2026-01-05T10" && now < "2126", "{now}");
    for fake in &lab.fakes {
        let state = fake.lock().expect("no test panicked");
        assert_eq!(state.now, now, "{}", state.name);
    }
    let (status, ended) = advance.await.expect("ends");
    assert_eq!((status, &ended["error"]["code"]), (409, &json!("AdvanceEnded")), "{ended}");
    assert!(message_of(&ended).contains(now) && message_of(&ended).contains("froze"), "{ended}");
    assert_eq!(clock_of(&lab, &id).await["now"], now);
}

#[tokio::test]
async fn one_advance_moves_time_by_a_hundred_years_at_most() {
    let lab = Arc::new(Lab::start().await);
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    for (change, why) in [
        (json!({"advance": "P36526D"}), "P36525D"),
        (json!({"advance": "P2000000D"}), "P36525D"),
        (json!({"set": "2126-01-07T09:00:00Z"}), "P36525D"),
        (json!({"set": "9999-12-30T00:00:00Z"}), "P36525D"),
    ] {
        let (status, answer) = begin(&lab, &id, change.clone()).await.expect("ends");
        assert!(status == 400 && message_of(&answer).contains(why), "{change}: {status} {answer}");
    }
    assert_eq!(clock_of(&lab, &id).await["now"], "2026-01-05T09:00:00.5Z");
    let (status, moved) = begin(&lab, &id, json!({"advance": "P36525D"})).await.expect("ends");
    assert_eq!((status, &moved["now"]), (200, &json!("2126-01-06T09:00:00.5Z")), "{moved}");
}

/// A clock shows instants from 1970 to 9999: an advance past the last one is not cut short.
#[tokio::test]
async fn an_advance_does_not_end_before_its_target_because_time_does() {
    let lab = Arc::new(Lab::start().await);
    let body = json!({"bare": true, "clock": {"now": "9999-12-01T00:00:00Z", "speed": 0}});
    let (status, credentials) = lab.call(reqwest::Method::POST, "", Some(body)).await;
    assert_eq!(status, 201, "{credentials}");
    let id = credentials["tenant_id"].as_str().expect("an id");
    let (status, answer) = begin(&lab, id, json!({"advance": "P60D"})).await.expect("ends");
    assert!(status == 400 && message_of(&answer).contains("9999"), "{status} {answer}");
    assert_eq!(clock_of(&lab, id).await["now"], "9999-12-01T00:00:00Z");
}
