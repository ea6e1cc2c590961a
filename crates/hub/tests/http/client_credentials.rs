//! Connections whose application gets tokens with its own credentials.

use std::sync::Arc;

use outlive_clock::Span;
use serde_json::json;

use crate::fakes::Behavior;
use crate::partner::{CLIENT, HOST, connector, message, world};
use crate::world::{HUB, OWNER, RETURN, SECRET};

#[tokio::test]
async fn client_credentials_need_no_user_and_no_refresh_token() {
    let aad = json!({
        "loginUri": "https://login.windows.net", "tenantId": "common", "resourceUri": "api://contoso-orders",
        "grantType": "client_credentials",
    });
    let oauth2 = json!({"tokenUrl": format!("https://{HOST}/token"), "grantType": "client_credentials"});
    let (mut world, partner, _) = world(vec![
        connector("shared_principal", "aad", &aad, &json!([])),
        connector("shared_machine", "oauth2", &oauth2, &json!(["orders.read"])),
    ])
    .await;
    let created = world.put_connection("orders", "shared_principal").await.expect(201);
    assert_eq!(created.at("/properties/overallStatus"), "Connected");
    assert_eq!(created.at("/properties/authenticatedUser"), json!({}));
    let body = json!({"parameters": [{"redirectUrl": RETURN, "objectId": OWNER}]});
    let links = world.arm(&world.user(OWNER), "POST", "orders/listConsentLinks", &body).await.expect(200);
    assert_eq!(links.at("/value"), json!([]));
    assert!(world.issuer.token_requests().is_empty(), "only a call needs a token");

    let runtime = created.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL").to_owned();
    for (hours, requests) in [(0, 1), (0, 1), (1, 2), (2_000, 3)] {
        world.advance(Span::from_hours(hours)).await;
        world.call(&runtime).await.expect(200);
        assert_eq!(world.issuer.token_requests().len(), requests);
    }
    let form = world.issuer.last();
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("resource", "api://contoso-orders"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    assert!(!form.contains_key("refresh_token"));

    world.advance(Span::from_hours(2)).await;
    let expired = json!({"error": "invalid_client", "error_description": "AADSTS7000222: expired"});
    world.issuer.set(Behavior::Refuse(401, expired));
    let text = world.call(&runtime).await.expect(401).at("/message").to_string();
    assert!(text.contains("for service: aad. ") && text.contains("AADSTS7000222"), "{text}");
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error");
    world.issuer.set(Behavior::Grant { seconds: 3_600 });
    world.call(&runtime).await.expect(200);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");

    let created = world.put_connection("machine", "shared_machine").await.expect(201);
    let runtime = created.at("/properties/connectionRuntimeUrl");
    world.call(runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL")).await.expect(200);
    let [request] = partner.take().try_into().expect("one request");
    assert_eq!(request.form()["scope"], "orders.read");
}

#[tokio::test]
async fn the_first_token_of_an_application_is_refused_like_any_other() {
    let aad = json!({"resourceUri": "api://contoso-orders", "grantType": "client_credentials"});
    let (world, ..) = world(vec![connector("shared_principal", "aad", &aad, &json!([]))]).await;
    let wrong = json!({"error": "invalid_client", "error_description": "AADSTS7000215: wrong"});
    world.issuer.set(Behavior::Refuse(401, wrong));
    let created = world.put_connection("orders", "shared_principal").await.expect(201);
    let runtime = created.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL").to_owned();
    let text = world.call(&runtime).await.expect(401).at("/message").to_string();
    assert!(text.contains("AADSTS7000215"), "{text}");
    assert_eq!(message(&world).await, serde_json::from_str::<String>(&text).expect("a text"));
    world.issuer.set(Behavior::Broken(503));
    world.call(&runtime).await.expect(502);
    world.issuer.set(Behavior::Grant { seconds: 3_600 });
    world.call(&runtime).await.expect(200);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_first_calls_share_one_token_of_a_replica() {
    let aad = json!({"resourceUri": "api://contoso-orders", "grantType": "client_credentials"});
    let (world, ..) = world(vec![connector("shared_principal", "aad", &aad, &json!([]))]).await;
    let created = world.put_connection("orders", "shared_principal").await.expect(201);
    let runtime = created.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL").to_owned();
    let replicas: Vec<_> = [Some(world.app.clone()), world.replica().await].into_iter().flatten().collect();
    let (number, world) = (replicas.len(), Arc::new(world));
    let calls: Vec<_> = (0..64)
        .map(|at| {
            let (app, world, runtime) = (replicas[at % number].clone(), Arc::clone(&world), runtime.clone());
            tokio::spawn(async move { world.call_at(app, &runtime).await.status.as_u16() })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("no panic"), 200);
    }
    let requests = world.issuer.token_requests().len();
    assert!((1..=number).contains(&requests), "{requests} token requests of {number} replicas");
    assert_eq!(world.journal("connection.refreshed").await.len(), 1, "one of them is stored");
}
