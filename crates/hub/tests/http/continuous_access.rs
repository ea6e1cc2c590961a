//! Claims challenges of CAE-enabled back ends.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Span;
use outlive_tokens::fingerprint;
use serde_json::{Value, json};

use crate::fakes::{Behavior, token};
use crate::world::{CAPABLE, CONNECTOR, OWNER, World, query};

const CAPABILITY: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

fn challenge() -> String {
    let claims = r#"{"access_token":{"nbf":{"essential":true, "value":"1767603600"}}}"#;
    format!("Bearer realm=\"\", error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode(claims))
}

fn bearer(n: usize) -> String {
    format!("Bearer {}", token("access", n))
}

#[tokio::test]
async fn only_a_cae_capable_connector_declares_the_capability() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CAPABLE).await;
    assert_eq!(world.issuer.last()["claims"], CAPABILITY, "when the code is redeemed");
    let authorize = world.authorize(&world.link("orders").await).await;
    assert_eq!(query(&authorize, "claims"), CAPABILITY, "when the browser is redirected to sign in");
    world.advance(Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.last()["claims"], CAPABILITY, "when it refreshes");

    let runtime = world.connect("plain", CONNECTOR).await;
    let authorize = world.authorize(&world.link("plain").await).await;
    assert_eq!(query(&authorize, "claims"), "");
    world.advance(Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    let plain = world.issuer.token_requests().split_off(2);
    assert_eq!(plain.len(), 2);
    assert!(plain.iter().all(|form| !form.contains_key("claims")), "{plain:?}");
}

#[tokio::test]
async fn a_challenged_call_is_repeated_with_a_new_token() {
    let world = World::new().await;
    let runtime = world.connect("orders", CAPABLE).await;
    world.back_end.challenge(1, &challenge());
    let user = world.user(OWNER);
    let body = r#"{"item":"Bell"}"#;
    world.send("POST", &format!("{runtime}/orders"), &[("authorization", &user)], body).await.expect(200);

    let seen = world.back_end.calls();
    let calls: Vec<_> = seen
        .iter()
        .map(|seen| (seen.method.as_str(), seen.body.as_str(), seen.headers["authorization"].clone()))
        .collect();
    assert_eq!(calls, [("POST", body, bearer(1)), ("POST", body, bearer(2))]);
    let form = world.issuer.last();
    assert_eq!(
        (form["grant_type"].as_str(), &form["refresh_token"]),
        ("refresh_token", &token("refresh", 1))
    );
    let requested: Value = serde_json::from_str(&form["claims"]).expect("JSON");
    let merged = json!({"access_token": {
        "nbf": {"essential": true, "value": "1767603600"}, "xms_cc": {"values": ["cp1"]},
    }});
    assert_eq!(requested, merged);

    let refused = json!(fingerprint(&token("access", 1)));
    let challenged = world.journal("connection.challenged").await;
    assert_eq!((challenged.len(), &challenged[0]["data"]["access_token"]), (1, &refused));
    let forwarded = world.journal("runtime.forwarded").await;
    assert_eq!(forwarded[0]["data"]["challenged"], refused);
    assert_eq!(forwarded[0]["data"]["access_token"], json!(fingerprint(&token("access", 2))));
    world.call(&runtime).await.expect(200);
    assert_eq!((world.issuer.refreshes(), world.back_end.calls().len()), (1, 3), "the new token was kept");
}

#[tokio::test]
async fn a_second_challenge_is_returned_to_the_caller() {
    let world = World::new().await;
    let runtime = world.connect("orders", CAPABLE).await;
    world.back_end.challenge(9, &challenge());
    let answer = world.call(&runtime).await.expect(401);
    assert_eq!(answer.text, "challenged");
    assert_eq!((world.issuer.refreshes(), world.back_end.calls().len()), (1, 2));
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");
}

#[tokio::test]
async fn other_connectors_and_other_errors_do_not_cause_a_refresh() {
    let world = World::new().await;
    let plain = world.connect("plain", CONNECTOR).await;
    world.back_end.challenge(1, &challenge());
    assert_eq!(world.call(&plain).await.expect(401).text, "challenged");
    let capable = world.connect("orders", CAPABLE).await;
    for header in
        ["Bearer error=\"invalid_token\"", "Bearer error=\"insufficient_claims\", claims=\"W10=\"", "x"]
    {
        world.back_end.challenge(2, header);
        assert_eq!(world.call(&capable).await.expect(401).text, "challenged", "{header}");
    }
    assert_eq!((world.issuer.refreshes(), world.back_end.calls().len()), (0, 4));
    assert!(world.journal("connection.challenged").await.is_empty());
}

#[tokio::test]
async fn only_a_rejected_refresh_breaks_the_connection() {
    let world = World::new().await;
    let runtime = world.connect("orders", CAPABLE).await;
    world.back_end.challenge(1, &challenge());
    world.issuer.set(Behavior::Broken(503));
    world.call(&runtime).await.expect(502);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");
    let refusal = json!({"error": "invalid_grant", "error_description": "AADSTS50173: revoked"});
    world.issuer.set(Behavior::Refuse(400, refusal));
    let answer = world.call(&runtime).await.expect(401);
    assert!(answer.text.contains("AADSTS50173"), "{}", answer.text);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error");
    assert_eq!(world.journal("connection.broken").await.len(), 1);
    assert_eq!(world.back_end.calls().len(), 2, "nothing was repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_challenges_cause_one_refresh() {
    let world = World::new().await;
    let runtime = world.connect("orders", CAPABLE).await;
    world.back_end.challenge(1, &challenge());
    let world = Arc::new(world);
    let calls: Vec<_> = (0..32)
        .map(|_| {
            let (world, runtime) = (Arc::clone(&world), runtime.clone());
            tokio::spawn(async move { world.call(&runtime).await.status.as_u16() })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("no panic"), 200);
    }
    assert_eq!(world.issuer.refreshes(), 1);
}
