//! Who can read, use and manage a connection, and connection keys.

use outlive_clock::{ConnectionId, Span};
use outlive_tokens::sign_hs256;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{COLLEAGUE, CONNECTOR, FLOWS, NOW, OWNER, World};

fn colleague(world: &World) -> Value {
    json!({"properties": {"principal": {
        "type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": COLLEAGUE}}}})
}

fn workflow(id: &str) -> Value {
    json!({"properties": {"principal": {"type": "Workflow", "identity": {"workflowId": id}}}})
}

async fn with_key(world: &World, runtime: &str, key: &str) -> crate::world::Response {
    world.send("GET", &format!("{runtime}/orders"), &[("authorization", &format!("Key {key}"))], "").await
}

#[tokio::test]
async fn a_principal_without_access_gets_the_documented_error() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let id = runtime.rsplit_once('/').expect("an id").1;
    let by_colleague = || async {
        let token = world.user(COLLEAGUE);
        world.send("GET", &format!("{runtime}/orders"), &[("authorization", &token)], "").await
    };
    let answer = by_colleague().await.expect(403);
    assert_eq!(
        answer.at("/message"),
        format!(
            "Error from token exchange: User is not allowed to access connection unitedstates/{CONNECTOR}/{id}"
        )
    );
    assert!(world.back_end.calls().is_empty());

    world
        .arm(&world.user(OWNER), "PUT", "orders/accessPolicies/colleague", &colleague(&world))
        .await
        .expect(201);
    let answer = by_colleague().await.expect(200);
    assert_eq!(answer.header("x-ms-au-caller-id"), COLLEAGUE.to_string());
    world
        .arm(&world.user(OWNER), "PUT", "orders/accessPolicies/colleague", &colleague(&world))
        .await
        .expect(200);
    world
        .arm(&world.user(OWNER), "DELETE", "orders/accessPolicies/Colleague", &Value::Null)
        .await
        .expect(200);
    world
        .arm(&world.user(OWNER), "DELETE", "orders/accessPolicies/colleague", &Value::Null)
        .await
        .expect(204);
    by_colleague().await.expect(403);
    assert_eq!(world.journal("runtime.refused").await.len(), 2);
}

#[tokio::test]
async fn the_access_list_allows_reading_and_use_but_only_the_owner_manages() {
    let world = World::new().await;
    world.connect("orders", CONNECTOR).await;
    let token = world.user(COLLEAGUE);
    let put = json!({"properties": {"displayName": "Mine"}});
    for (method, rest) in [
        ("GET", "orders"),
        ("PUT", "orders"),
        ("DELETE", "orders"),
        ("GET", "orders/accessPolicies"),
        ("PUT", "orders/accessPolicies/me"),
        ("POST", "orders/listConsentLinks"),
        ("POST", "orders/listConnectionKeys"),
        ("POST", "orders/confirmConsentCode"),
        ("GET", "orders/extensions/proxy/testconnection"),
    ] {
        let answer = world.arm(&token, method, rest, &put).await.expect(403);
        assert_eq!(answer.at("/error/code"), "ConnectionAuthorizationFailed", "{method} {rest}");
    }
    world
        .arm(&world.user(OWNER), "PUT", "orders/accessPolicies/colleague", &colleague(&world))
        .await
        .expect(201);
    world.arm(&token, "GET", "orders", &Value::Null).await.expect(200);
    world.arm(&token, "GET", "orders/accessPolicies/colleague", &Value::Null).await.expect(200);
    world.arm(&token, "POST", "orders/listConnectionKeys", &json!({})).await.expect(200);
    for (method, rest) in [("PUT", "orders"), ("DELETE", "orders"), ("PUT", "orders/accessPolicies/me")] {
        world.arm(&token, method, rest, &put).await.expect(403);
    }
    assert_eq!(world.get("orders").await.at("/properties/displayName"), "Orders");
}

#[tokio::test]
async fn connections_are_listed_by_page_and_only_if_readable() {
    let world = World::new().await;
    for name in ["b", "A", "c"] {
        world.put_connection(name, CONNECTOR).await.expect(201);
    }
    let names = |answer: &crate::world::Response| -> Vec<String> {
        let value = answer.at("/value");
        value
            .as_array()
            .expect("a list")
            .iter()
            .map(|c| c["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let list = |token: String, extra: &str| {
        let uri = format!(
            "/subscriptions/{}/resourceGroups/LAB/providers/Microsoft.Web/connections?api-version=2016-06-01{extra}",
            world.tenant
        );
        let world = &world;
        async move { world.send("GET", &uri, &[("authorization", &token)], "").await }
    };
    assert_eq!(names(&list(world.user(OWNER), "").await), ["A", "b", "c"]);
    assert!(names(&list(world.user(COLLEAGUE), "").await).is_empty());
    assert_eq!(names(&list(world.app_token(FLOWS, &["Flows.Act"]), "").await), ["A", "b", "c"]);
    world.arm(&world.user(OWNER), "PUT", "b/accessPolicies/x", &colleague(&world)).await.expect(201);
    assert_eq!(names(&list(world.user(COLLEAGUE), "").await), ["b"]);
    let first = list(world.user(OWNER), "&$top=2").await;
    assert_eq!(names(&first), ["A", "b"]);
    let next = first
        .at("/nextLink")
        .as_str()
        .expect("more")
        .strip_prefix("http://hub.test")
        .expect("here")
        .to_owned();
    let second = world.send("GET", &next, &[("authorization", &world.user(OWNER))], "").await;
    assert_eq!((names(&second), second.at("/nextLink")), (vec!["c".to_owned()], Value::Null));
    list(world.user(OWNER), "&$top=0").await.expect(400);
    list(world.user(OWNER), "&$filter=x").await.expect(400);
}

#[tokio::test]
async fn a_key_is_valid_until_it_expires_while_its_principal_has_access() {
    let mut world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let answer = world
        .arm(
            &world.user(OWNER),
            "POST",
            "orders/listConnectionKeys",
            &json!({"validityTimeSpan": "00:30:00"}),
        )
        .await;
    let answer = answer.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.at("/runtimeUrl"), format!("http://hub.test{runtime}"));
    let key = answer.at("/connectionKey").as_str().expect("a key").to_owned();
    with_key(&world, &runtime, &key).await.expect(200);
    world.at(NOW + Span::from_minutes(30)).await;
    let expired = with_key(&world, &runtime, &key).await.expect(401);
    assert_eq!(
        expired.at("/message"),
        "Error from token exchange: Bad Key authorization token. IDX10223: Lifetime validation failed. The token is \
         expired. ValidTo (UTC): '1/5/2026 9:30:00 AM', Current time (UTC): '1/5/2026 9:30:00 AM'."
    );

    world.arm(&world.user(OWNER), "PUT", "orders/accessPolicies/c", &colleague(&world)).await.expect(201);
    let answer =
        world.arm(&world.user(COLLEAGUE), "POST", "orders/listConnectionKeys", &json!({})).await.expect(200);
    let key = answer.at("/connectionKey").as_str().expect("a key").to_owned();
    world.advance(Span::from_days(7) - Span::from_seconds(1)).await;
    with_key(&world, &runtime, &key).await.expect(200);
    world.arm(&world.user(OWNER), "DELETE", "orders/accessPolicies/c", &Value::Null).await.expect(200);
    with_key(&world, &runtime, &key).await.expect(403);
}

#[tokio::test]
async fn a_workflow_key_requires_the_flow_service_and_each_call_an_access_policy() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let id = runtime.rsplit_once('/').expect("an id").1;
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    let ask = |token: String, body: Value| {
        let world = &world;
        async move { world.arm(&token, "POST", "orders/listConnectionKeys", &body).await }
    };
    let body = json!({"validityTimeSpan": "7.00:00:00", "workflowId": "flow-1"});
    let made = world
        .arm(&world.user(OWNER), "PUT", "orders/accessPolicies/flow", &workflow("flow-1"))
        .await
        .expect(201);
    assert_eq!(made.at("/properties"), workflow("flow-1")["properties"]);
    ask(world.user(OWNER), body.clone()).await.expect(403);
    ask(world.app_token(FLOWS, &["Other"]), body.clone()).await.expect(403);
    // A key says who calls, not that the call is allowed.
    let answer = ask(flows.clone(), json!({"workflowId": "flow-2"})).await.expect(200);
    with_key(&world, &runtime, answer.at("/connectionKey").as_str().expect("a key")).await.expect(403);
    ask(flows.clone(), json!({"workflowId": "../x"})).await.expect(400);
    ask(flows.clone(), json!({})).await.expect(403);

    let answer = ask(flows.clone(), json!({ "properties": body })).await.expect(200);
    let key = answer.at("/connectionKey").as_str().expect("a key").to_owned();
    let called = with_key(&world, &runtime, &key).await.expect(200);
    assert_eq!(called.header("x-ms-au-caller-id"), FLOWS.to_string());
    assert_eq!(
        world.journal("runtime.forwarded").await[0]["data"]["caller"],
        "unitedstates/logicflows/flow-1"
    );

    // The flow service's own token does not bypass the access list.
    world.send("GET", &format!("{runtime}/orders"), &[("authorization", &flows)], "").await.expect(403);
    world.arm(&world.user(OWNER), "DELETE", "orders/accessPolicies/flow", &Value::Null).await.expect(200);
    let refused = with_key(&world, &runtime, &key).await.expect(403);
    let message = refused.at("/message").as_str().expect("a text").to_owned();
    assert!(
        message.starts_with(
            "Error from token exchange: Permission denied due to missing connection ACL: Connection \
                             unitedstates/logicflows/flow-1 "
        ) && message.ends_with(&format!("connection=unitedstates/{CONNECTOR}/{id}")),
        "{message}"
    );
}

#[tokio::test]
async fn a_key_is_valid_for_one_connection_and_signed_by_the_hub() {
    let world = World::new().await;
    let (one, two) = (world.connect("one", CONNECTOR).await, world.connect("two", CONNECTOR).await);
    let answer =
        world.arm(&world.user(OWNER), "POST", "one/listConnectionKeys", &json!({})).await.expect(200);
    let key = answer.at("/connectionKey").as_str().expect("a key").to_owned();
    with_key(&world, &one, &key).await.expect(200);
    let con = ConnectionId::from_uuid(one.rsplit_once('/').expect("an id").1.parse().expect("a UUID"));
    let forged = sign_hs256(
        b"guess",
        &json!({"tid": world.tenant, "con": con, "principal": OWNER, "oid": OWNER, "iat": 0, "nbf": 0,
            "exp": 4_000_000_000_i64, "jti": "x"}),
    );
    let elsewhere = sign_hs256(b"guess", &json!({"tid": Uuid::from_u128(99)}));
    for (runtime, key) in [
        (&two, key.as_str()),
        (&one, &forged),
        (&one, &elsewhere),
        (&one, "garbage"),
        (&one, ""),
        (&one, &key[..key.len() - 3]),
    ] {
        let answer = with_key(&world, runtime, key).await.expect(401);
        assert_eq!(
            answer.at("/message"),
            "Error from token exchange: Bad Key authorization token. Token must be a valid JWT signed with HS256"
        );
    }
    // The path of another connector is not a path of this connection.
    let astray = one.replace(CONNECTOR, "shared_open");
    with_key(&world, &astray, &key).await.expect(404);
    world.arm(&world.user(OWNER), "DELETE", "one", &Value::Null).await.expect(200);
    with_key(&world, &one, &key).await.expect(401);
}

#[tokio::test]
async fn key_validity_has_limits() {
    let world = World::new().await;
    world.connect("orders", CONNECTOR).await;
    for (validity, status) in [
        (json!("7.00:00:00"), 200),
        (json!(7), 200),
        (json!("365"), 200),
        (json!("366"), 400),
        (json!("0"), 400),
        (json!("-1"), 400),
        (json!("soon"), 400),
        (json!({}), 400),
        (json!(9_223_372_036_854_775_807_i64), 400),
    ] {
        let body = json!({"validityTimeSpan": validity});
        let answer = world.arm(&world.user(OWNER), "POST", "orders/listConnectionKeys", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
    }
}

/// The flow service reports a deleted flow; exactly the access policies that name it are withdrawn.
#[tokio::test]
async fn deleting_a_flow_withdraws_its_access() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    world.connect("more", CONNECTOR).await;
    let owner = world.user(OWNER);
    for (policy, body) in [
        ("orders/accessPolicies/Flow", workflow("Flow-1")),
        ("orders/accessPolicies/again", workflow("flow-1")),
        ("orders/accessPolicies/other", workflow("flow-2")),
        ("orders/accessPolicies/colleague", colleague(&world)),
        ("more/accessPolicies/flow", workflow("flow-1")),
    ] {
        world.arm(&owner, "PUT", policy, &body).await.expect(201);
    }
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    let body = json!({"workflowId": "flow-1"});
    let answer = world.arm(&flows, "POST", "orders/listConnectionKeys", &body).await.expect(200);
    let key = answer.at("/connectionKey").as_str().expect("a key").to_owned();
    with_key(&world, &runtime, &key).await.expect(200);

    let end = |token: String, id: &'static str| {
        let world = &world;
        async move {
            let uri = format!(
                "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/logicflows/{id}?api-version=2016-06-01",
                world.tenant
            );
            world.send("DELETE", &uri, &[("authorization", &token)], "").await
        }
    };
    end(world.user(OWNER), "flow-1").await.expect(403);
    end(world.user(COLLEAGUE), "flow-1").await.expect(403);
    end(world.app_token(FLOWS, &["Other"]), "flow-1").await.expect(403);
    end(flows.clone(), "no%20id").await.expect(400);
    with_key(&world, &runtime, &key).await.expect(200);

    end(flows.clone(), "FLOW-1").await.expect(200);
    end(flows.clone(), "flow-1").await.expect(204);
    with_key(&world, &runtime, &key).await.expect(403);
    let answer = world.arm(&flows, "POST", "orders/listConnectionKeys", &body).await.expect(200);
    with_key(&world, &runtime, answer.at("/connectionKey").as_str().expect("a key")).await.expect(403);
    let left = world.arm(&owner, "GET", "orders/accessPolicies", &Value::Null).await.expect(200);
    let names: Vec<_> =
        left.at("/value").as_array().expect("a list").iter().map(|p| p["name"].clone()).collect();
    assert_eq!(names, ["colleague", "other"]);
    let left = world.arm(&owner, "GET", "more/accessPolicies", &Value::Null).await.expect(200);
    assert_eq!(left.at("/value"), json!([]));
    assert_eq!(world.journal("access.withdrawn").await.len(), 3);
}
