//! The access of saved flows: granted through the maker's access, and withdrawn with it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{COLLEAGUE, CONNECTOR, FLOWS, OWNER, Response, World};

const STRANGER: Uuid = Uuid::from_u128(0x0c);

fn id_of(runtime: &str) -> &str {
    runtime.rsplit_once('/').expect("an id").1
}

async fn put(world: &World, token: &str, flow: &str, properties: Value) -> Response {
    let uri = format!(
        "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/logicflows/{flow}?api-version=2016-06-01",
        world.tenant
    );
    let body = json!({ "properties": properties }).to_string();
    world.send("PUT", &uri, &[("authorization", token)], &body).await
}

/// Reports the connections of a flow as the flow service. Returns those to which it has access.
async fn grant(world: &World, flow: &str, maker: Uuid, connections: &[&str]) -> Vec<String> {
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    let answer =
        put(world, &flows, flow, json!({"maker": maker, "connections": connections})).await.expect(200);
    serde_json::from_value(answer.at("/properties/connections")).expect("a list")
}

/// The principals on the access list: flows by their id, users by their object id.
async fn principals(world: &World, connection: &str) -> Vec<String> {
    let rest = format!("{connection}/accessPolicies");
    let listed = world.arm(&world.user(OWNER), "GET", &rest, &Value::Null).await.expect(200);
    let listed = listed.at("/value");
    let identities =
        listed.as_array().expect("a list").iter().map(|p| &p["properties"]["principal"]["identity"]);
    identities
        .map(|identity| {
            identity["workflowId"].as_str().or(identity["objectId"].as_str()).expect("an id").to_owned()
        })
        .collect()
}

async fn share(world: &World, connection: &str, name: &str, user: Uuid) {
    let principal =
        json!({"type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": user}});
    let body = json!({"properties": {"principal": principal}});
    let rest = format!("{connection}/accessPolicies/{name}");
    assert!(world.arm(&world.user(OWNER), "PUT", &rest, &body).await.status.is_success());
}

async fn unshare(world: &World, connection: &str, name: &str) {
    let rest = format!("{connection}/accessPolicies/{name}");
    world.arm(&world.user(OWNER), "DELETE", &rest, &Value::Null).await.expect(200);
}

/// Calls the connection as the flow. Returns status and message.
async fn call(world: &World, name: &str, runtime: &str, flow: &str) -> (u16, String) {
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    let body = json!({ "workflowId": flow });
    let key = world.arm(&flows, "POST", &format!("{name}/listConnectionKeys"), &body).await.expect(200);
    let key = format!("Key {}", key.at("/connectionKey").as_str().expect("a key"));
    let answer = world.send("GET", &format!("{runtime}/orders"), &[("authorization", &key)], "").await;
    let message = serde_json::from_str::<Value>(&answer.text).unwrap_or_default()["message"].clone();
    (answer.status.as_u16(), message.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_flow_has_access_to_the_connections_that_it_references() {
    let world = World::new().await;
    let (one, two) = (world.connect("one", CONNECTOR).await, world.connect("two", CONNECTOR).await);
    let both = [id_of(&one), id_of(&two)];
    assert_eq!(call(&world, "one", &one, "Flow-1").await.0, 403);
    for _ in 0..2 {
        let mut granted = grant(&world, "Flow-1", OWNER, &both).await;
        granted.sort();
        let mut expected = both.map(str::to_owned);
        expected.sort();
        assert_eq!(granted, expected);
    }
    assert_eq!(world.journal("access.granted").await.len(), 2, "repeating the call changes nothing");
    assert_eq!(world.journal("access.granted").await[0]["data"]["caller"], OWNER.to_string());
    assert_eq!(principals(&world, "one").await, ["flow-1"]);
    assert_eq!(call(&world, "one", &one, "flow-1").await.0, 200);
    assert_eq!(call(&world, "two", &two, "flow-1").await.0, 200);

    // What the flow no longer references is withdrawn, but not what the owner wrote.
    let written =
        json!({"properties": {"principal": {"type": "Workflow", "identity": {"workflowId": "flow-1"}}}});
    world.arm(&world.user(OWNER), "PUT", "two/accessPolicies/mine", &written).await.expect(201);
    assert_eq!(grant(&world, "flow-1", OWNER, &[]).await, [""; 0]);
    assert_eq!((principals(&world, "one").await.len(), principals(&world, "two").await.len()), (0, 1));
    assert_eq!(world.journal("access.withdrawn").await.len(), 2);
    assert_eq!(call(&world, "one", &one, "flow-1").await.0, 403);
    assert_eq!(call(&world, "two", &two, "flow-1").await.0, 200);

    // A name that belongs to another principal is not taken from it.
    share(&world, "one", "flow-1", COLLEAGUE).await;
    grant(&world, "flow-1", OWNER, &both).await;
    assert_eq!(principals(&world, "one").await, [COLLEAGUE.to_string(), "flow-1".to_owned()]);
}

#[tokio::test]
async fn a_flow_gets_no_more_than_its_maker_has() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let id = [id_of(&runtime)];
    assert_eq!(grant(&world, "flow-1", COLLEAGUE, &id).await, [""; 0]);
    assert_eq!(grant(&world, "flow-1", OWNER, &[&Uuid::from_u128(9).simple().to_string()]).await, [""; 0]);
    share(&world, "orders", "colleague", COLLEAGUE).await;
    share(&world, "orders", "again", COLLEAGUE).await;
    assert_eq!(grant(&world, "flow-1", COLLEAGUE, &id).await, id);
    assert_eq!(grant(&world, "flow-2", OWNER, &id).await, id);
    assert_eq!(call(&world, "orders", &runtime, "flow-1").await.0, 200);

    // The maker keeps access by another policy; with the last one, the flow's access ends too.
    unshare(&world, "orders", "again").await;
    assert_eq!(call(&world, "orders", &runtime, "flow-1").await.0, 200);
    unshare(&world, "orders", "Colleague").await;
    assert_eq!(principals(&world, "orders").await, ["flow-2"]);
    let refused = call(&world, "orders", &runtime, "flow-1").await;
    assert_eq!(refused.0, 403);
    assert_eq!(
        refused.1,
        format!(
            "Error from token exchange: Permission denied due to missing connection ACL: Connection \
             unitedstates/logicflows/flow-1 is not allowed to access connection \
             connection=unitedstates/{CONNECTOR}/{}",
            id[0]
        )
    );
    assert_eq!(call(&world, "orders", &runtime, "flow-1").await, refused, "the same every time");
    assert_eq!(grant(&world, "flow-1", COLLEAGUE, &id).await, [""; 0]);
    assert_eq!(world.journal("runtime.refused").await.len(), 2);

    // Replacing the maker's policy by that of another user ends it, too.
    share(&world, "orders", "colleague", COLLEAGUE).await;
    assert_eq!(grant(&world, "flow-1", COLLEAGUE, &id).await, id);
    share(&world, "orders", "colleague", STRANGER).await;
    assert_eq!(call(&world, "orders", &runtime, "flow-1").await.0, 403);
    // Another maker takes the flow over.
    assert_eq!(grant(&world, "flow-1", OWNER, &id).await, id);
    assert_eq!(call(&world, "orders", &runtime, "flow-1").await.0, 200);
    assert_eq!(grant(&world, "flow-1", STRANGER, &id).await, id);
    unshare(&world, "orders", "colleague").await;
    assert_eq!(call(&world, "orders", &runtime, "flow-1").await.0, 403);
}

/// A maker has access by two policies, which end at the same time.
#[tokio::test]
async fn policies_that_end_at_once_leave_no_flow_behind() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    for _ in 0..10 {
        share(&world, "orders", "p", COLLEAGUE).await;
        share(&world, "orders", "q", COLLEAGUE).await;
        assert_eq!(grant(&world, "flow-1", COLLEAGUE, &[id_of(&runtime)]).await.len(), 1);
        tokio::join!(unshare(&world, "orders", "p"), unshare(&world, "orders", "q"));
        assert_eq!(principals(&world, "orders").await, [""; 0]);
    }
    // One of them, and the replacement of the other.
    share(&world, "orders", "p", COLLEAGUE).await;
    share(&world, "orders", "q", COLLEAGUE).await;
    grant(&world, "flow-1", COLLEAGUE, &[id_of(&runtime)]).await;
    tokio::join!(unshare(&world, "orders", "p"), share(&world, "orders", "q", STRANGER));
    assert_eq!(principals(&world, "orders").await, [STRANGER.to_string()]);
}

#[tokio::test]
async fn only_the_flow_service_grants_and_what_it_sends_is_checked() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let right = json!({"maker": OWNER, "connections": [id_of(&runtime)]});
    for token in [world.user(OWNER), world.app_token(FLOWS, &["Other"])] {
        put(&world, &token, "flow-1", right.clone()).await.expect(403);
    }
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    let many: Vec<_> = (0..501).map(Uuid::from_u128).collect();
    for (flow, properties) in [
        ("no%20id", right.clone()),
        ("flow-1", json!({"maker": "someone", "connections": []})),
        ("flow-1", json!({"maker": OWNER})),
        ("flow-1", json!({"maker": OWNER, "connections": ["x"]})),
        ("flow-1", json!({"maker": OWNER, "connections": [], "more": 1})),
        ("flow-1", json!({"maker": OWNER, "connections": many})),
    ] {
        put(&world, &flows, flow, properties).await.expect(400);
    }
    assert!(principals(&world, "orders").await.is_empty());
    // The limit of policies that callers write does not count those of flows.
    for n in 0..101 {
        grant(&world, &format!("flow-{n}"), OWNER, &[id_of(&runtime)]).await;
    }
    share(&world, "orders", "colleague", COLLEAGUE).await;
    assert_eq!(principals(&world, "orders").await.len(), 102);
}
