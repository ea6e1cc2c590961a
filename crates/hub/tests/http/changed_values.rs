//! What follows from a change of a connection's values, or of their parameters.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::custom_apis::api;
use crate::parameters::{KEY, connect, create_api, write};
use crate::world::{HUB, OWNER, World};

/// The properties of an API whose connections name the application, the grant and the host.
fn named_by_connection() -> Value {
    let custom =
        json!({"resourceUri": {"value": "api://x"}, "loginUri": {"value": "https://login.windows.net"}});
    let settings = json!({"identityProvider": "aad", "clientId": "c", "customParameters": custom});
    let host = json!({
        "x-ms-apimTemplateParameter.urlTemplate":
            "https://@{connectionParameters('site','orders.contoso.example')}/v1",
    });
    json!({
        "connectionParameters": {
            "token": {"type": "oauthSetting", "oAuthSettings": settings},
            "token:clientId": {"type": "string"}, "token:clientSecret": {"type": "securestring"},
            "token:grantType": {"type": "string"}, "site": {"type": "string"}, "note": {"type": "string"},
        },
        "policyTemplateInstances": [{"templateId": "dynamichosturl", "title": "Host", "parameters": host}],
    })
}

fn application(id: &str) -> Value {
    json!({"parameterValues": {
        "token:clientId": id, "token:clientSecret": format!("{id}-s3cret"), "token:grantType": "client_credentials",
    }})
}

async fn credentials(world: &World) -> usize {
    world.store.rows(outlive_store::sql!("SELECT connection FROM credentials")).await.expect("read").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_request_in_flight_is_of_no_use_after_a_change_or_deletion() {
    let world = Arc::new(World::new().await);
    let runtime = connect(&world, "mine", (named_by_connection(), json!({})), application("first")).await;
    let call = || {
        let (world, runtime) = (Arc::clone(&world), runtime.clone());
        tokio::spawn(async move { world.call(&runtime).await.status.as_u16() })
    };
    let hold = world.issuer.hold();
    let running = call();
    hold.received().await;
    write(&world, "PATCH", "mine", application("second")).await.expect(200);
    hold.end();
    // The call would go to the host of the values before.
    assert_eq!(running.await.expect("no panic"), 503);
    assert_eq!((credentials(&world).await, world.back_end.calls().len()), (0, 0));
    world.call(&runtime).await.expect(200);
    assert_eq!(world.issuer.last()["client_id"], "second");
    let sent = world.back_end.last().headers["authorization"].clone();
    assert!(sent.contains("access-2-"), "{sent}");
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().headers["authorization"], sent);
    assert_eq!(world.journal("connection.refreshed").await.len(), 1);

    write(&world, "PATCH", "mine", application("third")).await.expect(200);
    let hold = world.issuer.hold();
    let running = call();
    hold.received().await;
    world.arm(&world.user(OWNER), "DELETE", "mine", &Value::Null).await.expect(200);
    hold.end();
    assert_eq!(running.await.expect("no panic"), 401);
    assert_eq!((credentials(&world).await, world.back_end.calls().len()), (0, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_tokens_do_not_depend_on_keeps_a_refresh_in_flight() {
    let world = Arc::new(World::new().await);
    let runtime = connect(&world, "mine", (named_by_connection(), json!({})), application("first")).await;
    let hold = world.issuer.hold();
    let running = {
        let (world, runtime) = (Arc::clone(&world), runtime.clone());
        tokio::spawn(async move { world.call(&runtime).await.status.as_u16() })
    };
    hold.received().await;
    let change = json!({"displayName": "Renamed", "parameterValues": {"note": "b"}});
    write(&world, "PATCH", "mine", change).await.expect(200);
    hold.end();
    assert_eq!(running.await.expect("no panic"), 200);
    assert_eq!((world.issuer.token_requests().len(), credentials(&world).await), (1, 1));
}

#[tokio::test]
async fn tokens_end_with_the_values_that_they_depend_on() {
    let world = World::new().await;
    create_api(&world, "mine", named_by_connection(), json!({})).await.expect(201);
    let made = write(&world, "PUT", "mine", json!({})).await.expect(201);
    let runtime = made.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned();
    for (values, status) in [
        (json!({"note": "b"}), "Connected"),
        (json!({"site": "orders.contoso.example"}), "Error"),
        (json!({"site": "orders.contoso.example", "note": "c"}), "Connected"),
        (json!({"site": "eu.contoso.example"}), "Error"),
        (json!({"site": null}), "Error"),
        (json!({"token:clientId": "other"}), "Error"),
        (json!({"token:clientSecret": "other-s3cret"}), "Connected"),
        (json!({"token:grantType": "code"}), "Error"),
    ] {
        world.sign_in("mine").await;
        world.call(&runtime).await.expect(200);
        let link = world.link("mine").await;
        let changed = write(&world, "PATCH", "mine", json!({ "parameterValues": values })).await.expect(200);
        assert_eq!(changed.at("/properties/overallStatus"), status, "{values}");
        let (calls, connected) = (world.back_end.calls().len(), status == "Connected");
        world.call(&runtime).await.expect(if connected { 200 } else { 401 });
        assert_eq!(world.back_end.calls().len(), calls + usize::from(connected), "{values}");
        world.open(&link).await.expect(if connected { 302 } else { 400 });
    }
    for (grant, status) in [("client_credentials", "Connected"), ("code", "Error")] {
        let values = json!({"parameterValues": {"token:grantType": grant}});
        let changed = write(&world, "PATCH", "mine", values).await.expect(200);
        assert_eq!(changed.at("/properties/overallStatus"), status);
    }
}

#[tokio::test]
async fn a_sealed_value_stays_a_secret_until_it_is_given_again() {
    let world = World::new().await;
    let definitions = json!({"k": {"type": "apiKey", "in": "header", "name": "X-Key"}});
    let parameters = |kind: &str| json!({"api_key": {"type": kind}, "count": {"type": "int"}});
    let secret = (json!({"connectionParameters": parameters("securestring")}), definitions.clone());
    let runtime = connect(&world, "mine", secret, json!({"parameterValues": {"api_key": KEY}})).await;
    let policy = json!({"templateId": "setheader", "title": "Show", "parameters": {
        "x-ms-apimTemplateParameter.name": "X-Shown",
        "x-ms-apimTemplateParameter.value": "@connectionParameters('api_key')",
        "x-ms-apimTemplate-policySection": "Response",
    }});
    let opened = json!({"connectionParameters": parameters("string"), "policyTemplateInstances": [policy]});
    create_api(&world, "mine", opened, definitions).await.expect(200);

    for values in [json!({}), json!({"count": 2}), json!({"count": 3})] {
        write(&world, "PATCH", "mine", json!({ "parameterValues": values })).await.expect(200);
        let answer = world.call(&runtime).await.expect(200);
        assert_eq!(world.back_end.last().headers["x-key"], KEY);
        assert!(!answer.headers.contains_key("x-shown"));
        let shown = world.get("mine").await;
        assert_eq!(shown.at("/properties/nonSecretParameterValues/api_key"), Value::Null);
        let database = world.database.content();
        assert!(!database.windows(KEY.len()).any(|window| window == KEY.as_bytes()), "in the database");
    }
    // What was read can be written.
    let read = world.get("mine").await.json();
    world.arm(&world.user(OWNER), "PUT", "mine", &read).await.expect(200);
    let answer = world.call(&runtime).await.expect(200);
    assert_eq!((world.back_end.last().headers["x-key"].as_str(), answer.headers.get("x-shown")), (KEY, None));

    let values = json!({"parameterValues": {"api_key": "a-public-value"}});
    let shown = write(&world, "PATCH", "mine", values).await.expect(200);
    assert_eq!(shown.at("/properties/nonSecretParameterValues/api_key"), "a-public-value");
    assert_eq!(world.call(&runtime).await.expect(200).header("x-shown"), "a-public-value");
    api(&world, OWNER, "GET", "/mine", &Value::Null).await.expect(200);
}

#[tokio::test]
async fn no_policy_puts_a_secret_into_a_response() {
    let world = World::new().await;
    let policy = json!({"templateId": "setheader", "title": "Show", "parameters": {
        "x-ms-apimTemplateParameter.name": "X-Shown",
        "x-ms-apimTemplateParameter.value": "s3cret-@{connectionParameters('second')}",
        "x-ms-apimTemplate-policySection": "Response",
    }});
    let properties = json!({
        "connectionParameters": {"api_key": {"type": "securestring"}, "second": {"type": "string"}},
        "policyTemplateInstances": [policy],
    });
    let definitions = json!({"k": {"type": "apiKey", "in": "header", "name": "X-Key"}});
    let values = json!({"parameterValues": {"api_key": "s3cret-value", "second": "value"}});
    let runtime = connect(&world, "mine", (properties, definitions), values).await;
    let answer = world.call(&runtime).await.expect(200);
    assert!(!answer.headers.contains_key("x-shown"));
    let values = json!({"parameterValues": {"second": "text"}});
    write(&world, "PATCH", "mine", values).await.expect(200);
    assert_eq!(world.call(&runtime).await.expect(200).header("x-shown"), "s3cret-text");
}
