//! `dynamicInvoke`: one call through a connection, described in a body.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fakes::Behavior;
use crate::world::{COLLEAGUE, CONNECTOR, OWNER, Response, World};

async fn invoke(world: &World, name: &str, request: Value) -> Response {
    let body = json!({ "request": request });
    world.arm(&world.user(OWNER), "POST", &format!("{name}/dynamicInvoke"), &body).await
}

#[tokio::test]
async fn a_call_is_made_as_described_and_its_response_is_returned_in_the_body() {
    let world = World::new().await;
    world.connect("orders", CONNECTOR).await;
    let request = json!({
        "method": "post", "path": "/orders?a=1", "queries": {"b": "x&y", "c": 2, "d": true},
        "headers": {"X-Region": "north"}, "body": {"item": "tea"},
    });
    let answer = invoke(&world, "orders", request).await.expect(200);
    assert_eq!(answer.at("/response/statusCode"), "OK");
    assert_eq!(answer.at("/response/body"), json!({"orders": []}));
    assert_eq!(answer.at("/response/headers/x-orders"), "yes");
    assert_eq!(answer.at("/response/headers/x-ms-apihub-obo"), "false");
    let call = world.back_end.last();
    assert_eq!((call.method.as_str(), call.uri.as_str()), ("POST", "/v1/orders?a=1&b=x%26y&c=2&d=true"));
    assert_eq!(call.body, r#"{"item":"tea"}"#);
    assert_eq!(call.headers["x-region"], "north");
    assert_eq!(call.headers["content-type"], "application/json");
    assert!(call.headers["authorization"].starts_with("Bearer "), "the source token is missing");
    assert!(!answer.text.contains(&call.headers["authorization"]), "the source token is in the response");
    let events = world.journal("runtime.forwarded").await;
    assert_eq!(events.last().expect("an event").pointer("/data/operation"), Some(&json!("CreateOrder")));
}

#[tokio::test]
async fn a_text_with_a_content_type_is_sent_as_it_is() {
    let world = World::new().await;
    world.connect("orders", CONNECTOR).await;
    let request = json!({
        "method": "POST", "path": "orders", "headers": {"Content-Type": "text/csv"}, "body": "a,b",
    });
    invoke(&world, "orders", request).await.expect(200);
    assert_eq!(world.back_end.last().body, "a,b");
    assert_eq!(world.back_end.last().headers["content-type"], "text/csv");
}

#[tokio::test]
async fn what_the_runtime_refuses_is_in_the_body_too() {
    let mut world = World::new().await;
    world.put_connection("orders", CONNECTOR).await.expect(201);
    let list = json!({"method": "get", "path": "/orders"});
    let answer = invoke(&world, "orders", list.clone()).await.expect(200);
    assert_eq!(answer.at("/response/statusCode"), "Unauthorized");
    assert_eq!(
        answer.at("/response/body/message"),
        "The connection does not contain an access token. Please edit the connection and login."
    );
    world.sign_in("orders").await;
    for path in ["/nothing", "/orders/../../_lab/tenants", "/orders/%2e%2e/x"] {
        let answer = invoke(&world, "orders", json!({"method": "get", "path": path})).await.expect(200);
        assert_eq!(answer.at("/response/statusCode"), "NotFound", "{path}");
    }
    let answer = invoke(&world, "orders", json!({"method": "get", "path": "/orders/missing"})).await;
    assert_eq!(answer.expect(200).at("/response/statusCode"), "NotFound");

    let disable = json!({"properties": {"connectionState": "Disabled"}});
    world.arm(&world.user(OWNER), "PUT", "orders", &disable).await.expect(200);
    let calls = world.back_end.calls().len();
    let answer = invoke(&world, "orders", list.clone()).await.expect(200);
    assert_eq!(answer.at("/response/statusCode"), "Forbidden");
    assert_eq!(
        answer.at("/response/body/message"),
        "Error from token exchange: The connection is disabled so it cannot be used."
    );
    let test = "orders/extensions/proxy/testconnection";
    world.arm(&world.user(OWNER), "GET", test, &Value::Null).await.expect(403);
    assert_eq!(world.back_end.calls().len(), calls, "a disabled connection was used");
    let enable = json!({"properties": {"connectionState": "Enabled"}});
    world.arm(&world.user(OWNER), "PUT", "orders", &enable).await.expect(200);

    world.issuer.set(Behavior::Refuse(400, json!({"error": "invalid_grant"})));
    world.advance(Span::from_hours(2)).await;
    let answer = invoke(&world, "orders", list).await.expect(200);
    assert_eq!(answer.at("/response/statusCode"), "Unauthorized");
    let message = answer.at("/response/body/message");
    assert!(message.as_str().is_some_and(|text| text.starts_with("Failed to refresh access token")));
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error");
}

#[tokio::test]
async fn every_mistake_of_a_description_is_reported() {
    let world = World::new().await;
    world.connect("orders", CONNECTOR).await;
    for (body, texts) in [
        (json!({}), &["request: it is required."][..]),
        (json!({"request": []}), &["request: it must be an object."]),
        (
            json!({"request": {}, "extra": 1}),
            &[
                "request.method: it is required.",
                "request.path: it is required.",
                "extra: there is no such member.",
            ],
        ),
        (
            json!({"request": {
                "method": "ge t", "path": 7, "queries": {"a": []}, "uri": "x",
                "headers": {"X-Other": "1", "Authorization": "Bearer x", "X-Region": "a\nb", "Host": {}},
            }}),
            &[
                "request.method: it is not an HTTP method.",
                "request.path: it must be a string.",
                "request.queries.a: it must be a string, a number or a boolean.",
                "request.headers.X-Other: the connector does not declare this header, so it is not forwarded.",
                "request.headers.Authorization: the connector does not declare",
                "request.headers.X-Region: it is not a valid header.",
                "request.headers.Host: it is not a valid header.",
                "request.uri: there is no such member.",
            ],
        ),
    ] {
        let answer = world.arm(&world.user(OWNER), "POST", "orders/dynamicInvoke", &body).await.expect(400);
        assert_eq!(answer.at("/error/code"), "InvalidRequestContent");
        for text in texts {
            assert!(answer.text.contains(text), "{text}: {}", answer.text);
        }
    }
    assert!(world.back_end.calls().is_empty());
}

#[tokio::test]
async fn only_principals_with_access_can_invoke() {
    let world = World::new().await;
    world.connect("orders", CONNECTOR).await;
    let body = json!({"request": {"method": "get", "path": "/orders"}});
    world.arm(&world.user(COLLEAGUE), "POST", "orders/dynamicInvoke", &body).await.expect(403);
    world.arm("", "POST", "orders/dynamicInvoke", &body).await.expect(401);
    world.arm(&world.user(OWNER), "POST", "nothing/dynamicInvoke", &body).await.expect(404);
    assert!(world.back_end.calls().is_empty());
}
