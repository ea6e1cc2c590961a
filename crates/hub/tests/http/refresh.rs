//! When tokens are refreshed, and the results.

use std::sync::Arc;

use outlive_clock::Span;
use outlive_tokens::fingerprint;
use serde_json::{Value, json};

use crate::fakes::{Behavior, token};
use crate::world::{CONNECTOR, NOW, OWNER, PUBLIC, SECRET, World};

fn bearer(n: usize) -> String {
    format!("Bearer {}", token("access", n))
}

fn refusal() -> Value {
    json!({
        "error": "invalid_grant",
        "error_description": "AADSTS50173: The provided grant has expired due to it being revoked.",
        "error_codes": [50173], "timestamp": "2026-01-05 10:00:00Z", "trace_id": OWNER, "correlation_id": OWNER,
        "error_uri": "https://login.windows.net/error?code=50173", "suberror": "bad_token",
    })
}

#[tokio::test]
async fn a_token_with_less_than_three_minutes_left_causes_a_refresh() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.at(NOW + Span::from_seconds(3_600 - 180)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(
        (world.issuer.refreshes(), world.back_end.last().headers["authorization"].clone()),
        (0, bearer(1))
    );

    world.advance(Span::from_micros(1)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(
        (world.issuer.refreshes(), world.back_end.last().headers["authorization"].clone()),
        (1, bearer(2))
    );
    let form = world.issuer.last();
    for (name, value) in [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token("refresh", 1)),
        ("client_secret", SECRET),
        ("resource", "api://contoso-orders"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.refreshes(), 1, "the new token is fresh");
}

/// Only the tokens are others: what is known of a connection stays known, and other connections are
/// not read again either.
#[tokio::test]
async fn calls_after_a_refresh_read_nothing() {
    let mut world = World::new().await;
    if !world.store.is_exclusive() {
        return;
    }
    let orders = world.connect("orders", CONNECTOR).await;
    let mut others = world.connect("others-0", PUBLIC).await;
    // Two with the same last digits would share a counter.
    for n in 1.. {
        if others[others.len() - 2..] != orders[orders.len() - 2..] {
            break;
        }
        others = world.connect(&format!("others-{n}"), PUBLIC).await;
    }
    let runtimes = [orders, others];
    for _ in 0..2 {
        world.advance(Span::from_hours(2)).await;
        for runtime in &runtimes {
            world.call(runtime).await.expect(200);
        }
        let (before, last) = (world.store.reads(), world.issuer.token_requests().len());
        for (runtime, n) in runtimes.iter().zip([last - 1, last]) {
            world.call(runtime).await.expect(200);
            assert_eq!(world.back_end.last().headers["authorization"], bearer(n));
        }
        assert_eq!(world.store.reads() - before, 0);
    }
    assert_eq!(world.issuer.refreshes(), 4);
}

#[tokio::test]
async fn every_refresh_replaces_the_refresh_token_and_the_journal_shows_its_parent() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", PUBLIC).await;
    for _ in 0..3 {
        world.advance(Span::from_hours(1)).await;
        world.call(&runtime).await.expect(200);
    }
    assert!(world.issuer.token_requests().iter().all(|form| !form.contains_key("client_secret")));
    let lines = world.journal("connection.refreshed").await;
    let pairs: Vec<_> = lines
        .iter()
        .map(|line| (line["data"]["parent_refresh_token"].clone(), line["data"]["refresh_token"].clone()))
        .collect();
    let print = |n| json!(fingerprint(&token("refresh", n)));
    assert_eq!(pairs, [(print(1), print(2)), (print(2), print(3)), (print(3), print(4))]);
}

#[tokio::test]
async fn an_idle_connection_causes_no_refresh() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", PUBLIC).await;
    world.advance(Span::from_days(80)).await;
    assert_eq!(world.issuer.refreshes(), 0, "no call was made");
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.refreshes(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_cause_one_refresh() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    let world = Arc::new(world);
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let (world, runtime) = (Arc::clone(&world), runtime.clone());
            tokio::spawn(async move { world.call(&runtime).await.status.as_u16() })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("no panic"), 200);
    }
    assert_eq!(world.issuer.refreshes(), 1);
    assert!(world.back_end.calls().iter().all(|seen| seen.headers["authorization"] == bearer(2)));
    assert_eq!(world.journal("connection.refreshed").await.len(), 1);
    assert_eq!(world.journal("runtime.forwarded").await.len(), 64);
}

#[tokio::test]
async fn a_rejected_refresh_breaks_the_connection_and_its_status_quotes_the_issuer() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.at("2026-01-05T13:00:00Z".parse().expect("an instant")).await;
    world.issuer.set(Behavior::Refuse(400, refusal()));
    let answer = world.call(&runtime).await.expect(401);
    let message = answer.at("/message").as_str().expect("a text").to_owned();
    let (head, rest) = message.split_once("Correlation Id=g-").expect("documented");
    assert_eq!(head, "Failed to refresh access token for service: aad. ");
    let (correlation, rest) = rest.split_once(", ").expect("documented");
    assert!(correlation.parse::<uuid::Uuid>().is_ok(), "{correlation}");
    let json = rest
        .strip_prefix("UTC TimeStamp=1/5/2026 1:00:00 PM, Error: Failed to acquire token from AAD: ")
        .unwrap_or_else(|| panic!("{rest}"));
    assert_eq!(serde_json::from_str::<Value>(json).expect("the issuer's own JSON"), refusal());
    assert_eq!(
        answer.json(),
        json!({"status": 401, "source": "hub.test", "message": message, "error": {"message": message}})
    );
    let shown = world.get("orders").await;
    assert_eq!(
        shown.at("/properties/statuses"),
        json!([{"status": "Error", "target": "token", "error": {"code": "Unauthorized", "message": message}}])
    );
    assert_eq!(shown.at("/properties/overallStatus"), "Error");
    let broken = world.journal("connection.broken").await;
    assert_eq!(broken[0]["data"]["answer"]["error_codes"], json!([50173]));
    assert_eq!(broken[0]["data"]["refresh_token"], json!(fingerprint(&token("refresh", 1))));
    assert!(world.back_end.calls().is_empty());
}

#[tokio::test]
async fn a_broken_connection_is_retried_and_can_recover() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    world.issuer.set(Behavior::Refuse(400, refusal()));
    world.call(&runtime).await.expect(401);
    world.call(&runtime).await.expect(401);
    assert_eq!(world.issuer.refreshes(), 2);
    world.issuer.set(Behavior::Grant { seconds: 3_600 });
    world.call(&runtime).await.expect(200);
    assert_eq!(world.get("orders").await.at("/properties/statuses"), json!([{"status": "Connected"}]));
    assert_eq!(world.issuer.last()["refresh_token"], token("refresh", 1), "the refused token was kept");
}

#[tokio::test]
async fn a_valid_token_is_used_even_if_its_refresh_fails() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.at(NOW + Span::from_seconds(3_600 - 1)).await;
    world.issuer.set(Behavior::Refuse(400, refusal()));
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().headers["authorization"], bearer(1));
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error");
    world.issuer.set(Behavior::Broken(500));
    world.call(&runtime).await.expect(200);
    world.advance(Span::from_seconds(1)).await;
    world.issuer.set(Behavior::Refuse(400, refusal()));
    world.call(&runtime).await.expect(401);
    assert_eq!(world.back_end.calls().len(), 2);
}

#[tokio::test]
async fn a_transient_failure_of_the_issuer_keeps_the_connection() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    for behavior in [
        Behavior::Broken(500),
        Behavior::Broken(503),
        Behavior::Broken(400),
        Behavior::Refuse(429, json!({"error": "throttled"})),
        Behavior::Refuse(400, json!({"error": "temporarily_unavailable"})),
    ] {
        world.issuer.set(behavior.clone());
        let answer = world.call(&runtime).await;
        assert_eq!(answer.status, 502, "{behavior:?} {}", answer.text);
        assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected", "{behavior:?}");
    }
    assert!(world.journal("connection.broken").await.is_empty());
    world.issuer.set(Behavior::Grant { seconds: 3_600 });
    world.call(&runtime).await.expect(200);
}

#[tokio::test]
async fn without_a_refresh_token_a_connection_breaks_when_its_access_token_expires() {
    let mut world = World::new().await;
    world.issuer.0.lock().expect("not poisoned").refresh_tokens = false;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.call(&runtime).await.expect(200);
    world.advance(Span::from_hours(1)).await;
    let answer = world.call(&runtime).await.expect(401);
    let message = answer.at("/message").as_str().expect("a text").to_owned();
    assert!(message.ends_with("Error: Missing refresh token."), "{message}");
    assert_eq!(world.get("orders").await.at("/properties/statuses/0/error/code"), "Unauthorized");
    assert_eq!(world.issuer.refreshes(), 0);
}

#[tokio::test]
async fn a_refresh_token_that_is_not_replaced_stays_in_use() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.issuer.0.lock().expect("not poisoned").refresh_tokens = false;
    for _ in 0..2 {
        world.advance(Span::from_hours(1)).await;
        world.call(&runtime).await.expect(200);
        assert_eq!(world.issuer.last()["refresh_token"], token("refresh", 1));
    }
}

/// Version 1 endpoints return both lifetimes; some issuers return 0 for "no absolute expiry".
#[tokio::test]
async fn an_absolute_expiry_of_zero_does_not_count() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.advance(Span::from_hours(2)).await;
    world.issuer.set(Behavior::Respond(json!({
        "token_type": "Bearer", "access_token": token("access", 2), "expires_in": "3600", "expires_on": "0",
    })));
    for _ in 0..2 {
        world.call(&runtime).await.expect(200);
        assert_eq!(world.back_end.last().headers["authorization"], bearer(2));
    }
    assert_eq!(world.issuer.refreshes(), 1, "the new token is fresh");
}

/// An ID token with many claims can take many kilobytes.
#[tokio::test]
async fn a_token_response_can_have_up_to_256_kilobytes() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    for (bytes, status) in [(250 * 1024, 200), (260 * 1024, 502)] {
        world.advance(Span::from_hours(2)).await;
        world.issuer.set(Behavior::Respond(json!({
            "token_type": "Bearer", "access_token": token("access", 2), "expires_in": "3600",
            "id_token": "x".repeat(bytes),
        })));
        let answer = world.call(&runtime).await;
        assert_eq!(answer.status, status, "{bytes} bytes: {}", answer.text);
    }
    let postponed = world.journal("connection.refresh_postponed").await;
    assert_eq!(postponed[0]["data"]["why"], "the token response is too long");
    assert!(postponed[0]["data"]["correlation"].is_string(), "{postponed:?}");
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");
}
