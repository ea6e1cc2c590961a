//! What the journal remembers of requests.

use outlive_clock::Span;
use outlive_tokens::fingerprint;
use serde_json::json;

use crate::scene::{NOW, Scene};

#[tokio::test]
async fn an_accepted_request_is_remembered_with_who_and_what() {
    let scene = Scene::start().await;
    let token = scene.user_token(&["Orders.Read"]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let answer = scene
        .send(http::Method::GET, "/orders?$top=2", |request| {
            request.bearer_auth(&token).header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        })
        .await;
    assert_eq!(answer.status, 200);
    let lines = scene.journal("request.accepted").await;
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(
        (&line["subject"], &line["trace"], &line["at"]),
        (&json!("user:00000000-0000-0000-0000-000000000004"), &json!(trace), &json!(NOW))
    );
    assert_eq!(
        line["data"],
        json!({
            "method": "GET", "path": "/orders", "status": 200, "orders": 2, "scope": "Orders.Read",
            "user": "00000000-0000-0000-0000-000000000004", "client": "00000000-0000-0000-0000-000000000003",
            "uti": "BwcHBwcHBwcHBwcHBwcHBw", "token": fingerprint(&token),
        })
    );
}

#[tokio::test]
async fn an_application_is_remembered_by_its_client() {
    let scene = Scene::start().await;
    let token = scene.app_token(&["Orders.ReadWrite.All"]);
    assert_eq!(scene.post(&token, &json!({"customer": "F", "item": "B", "quantity": 1})).await.status, 201);
    let lines = scene.journal("request.accepted").await;
    assert_eq!(lines[0]["subject"], json!("client:00000000-0000-0000-0000-000000000003"));
    assert_eq!(
        (&lines[0]["data"]["role"], &lines[0]["data"]["service_principal"], &lines[0]["data"]["orders"]),
        (&json!("Orders.ReadWrite.All"), &json!("00000000-0000-0000-0000-000000000005"), &json!(1))
    );
}

#[tokio::test]
async fn refusals_are_recorded_with_their_reason() {
    let scene = Scene::start().await;
    let token = scene.user_token(&["Orders.Read"]);
    assert_eq!(scene.post(&token, &json!({})).await.status, 403);
    assert_eq!(scene.get("/orders/order-9", &token).await.status, 404);
    scene.move_time_to(NOW + Span::from_days(1)).await;
    assert_eq!(scene.get("/orders", &token).await.status, 401);
    let lines = scene.journal("request.refused").await;
    let refusals: Vec<_> = lines
        .iter()
        .map(|line| (&line["data"]["reason"], &line["data"]["status"], &line["data"]["token"]))
        .collect();
    let name = json!(fingerprint(&token));
    assert_eq!(
        refusals,
        [
            (&json!("insufficient_scope"), &json!(403), &name),
            (&json!("OrderNotFound"), &json!(404), &name),
            (&json!("expired"), &json!(401), &name),
        ]
    );
    assert_eq!(lines[2]["subject"], json!(format!("token:{}", fingerprint(&token))));
}

#[tokio::test]
async fn no_token_is_ever_in_the_journal() {
    let scene = Scene::start().await;
    let good = scene.user_token(&["Orders.Read"]);
    let bad = format!("{good}x");
    for token in [&good, &bad] {
        let _ = scene.get(&format!("/orders/{token}"), token).await;
        let _ = scene.get("/orders", token).await;
    }
    let journal = serde_json::to_string(&scene.journal("request.").await).expect("JSON");
    let signature = good.rsplit('.').next().expect("three parts");
    assert!(journal.contains(&fingerprint(&good)), "the lines are there");
    for part in good.split('.').chain([signature]) {
        assert!(!journal.contains(part), "{part}");
    }
}
