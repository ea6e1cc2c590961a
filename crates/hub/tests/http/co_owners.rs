//! The co-owners of flows: what they select, and for what they may sign in.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{COLLEAGUE, CONNECTOR, FLOWS, OWNER, RETURN, Response, World};

const STRANGER: Uuid = Uuid::from_u128(0x0c);

fn id_of(runtime: &str) -> &str {
    runtime.rsplit_once('/').expect("an id").1
}

/// Reports a flow of the owner as the flow service.
pub(crate) async fn report(world: &World, flow: &str, connections: &[&str], co_owners: Value) -> Response {
    let uri = format!(
        "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/logicflows/{flow}?api-version=2016-06-01",
        world.tenant
    );
    let token = world.app_token(FLOWS, &["Flows.Act"]);
    let properties = json!({"maker": OWNER, "connections": connections, "coOwners": co_owners});
    let body = json!({ "properties": properties }).to_string();
    world.send("PUT", &uri, &[("authorization", &token)], &body).await
}

/// Calls the connection as a principal with a key.
async fn call_with(world: &World, runtime: &str, key: &Response) -> u16 {
    let key = format!("Key {}", key.at("/connectionKey").as_str().expect("a key"));
    world.send("GET", &format!("{runtime}/orders"), &[("authorization", &key)], "").await.status.as_u16()
}

async fn call_as_flow(world: &World, name: &str, runtime: &str, flow: &str) -> u16 {
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    let path = format!("{name}/listConnectionKeys");
    let key = world.arm(&flows, "POST", &path, &json!({ "workflowId": flow })).await.expect(200);
    call_with(world, runtime, &key).await
}

async fn link(world: &World, user: Uuid) -> Response {
    let body = json!({"parameters": [{"parameterName": "token", "redirectUrl": RETURN}]});
    world.arm(&world.user(user), "POST", "orders/listConsentLinks", &body).await
}

#[tokio::test]
async fn a_co_owner_signs_in_for_a_connection_and_uses_it_only_in_the_flow() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    link(&world, COLLEAGUE).await.expect(403);
    let co_owner = json!([{"id": COLLEAGUE, "connections": []}]);
    report(&world, "flow-1", &[id_of(&runtime)], co_owner).await.expect(200);

    // The co-owner sees it, but can neither use it elsewhere, nor change or share it.
    let colleague = world.user(COLLEAGUE);
    world.arm(&colleague, "GET", "orders", &Value::Null).await.expect(200);
    world.arm(&colleague, "POST", "orders/listConnectionKeys", &json!({})).await.expect(403);
    world.arm(&colleague, "DELETE", "orders", &Value::Null).await.expect(403);
    let direct = [("authorization", colleague.as_str())];
    assert_eq!(world.send("GET", &format!("{runtime}/orders"), &direct, "").await.status, 403);
    assert_eq!(call_as_flow(&world, "orders", &runtime, "flow-1").await, 200);
    assert_eq!(call_as_flow(&world, "orders", &runtime, "flow-2").await, 403);

    // A sign-in of the co-owner takes the connection over; its owner stays.
    let issued = link(&world, COLLEAGUE).await.expect(200);
    let login = issued.at("/value/0/link");
    let authorize = world.authorize(login.as_str().expect("a link")).await;
    let code = world.follow_redirect(&authorize).await;
    let body = json!({"code": code, "tenantId": world.tenant, "objectId": COLLEAGUE});
    let connected = world.arm(&colleague, "POST", "orders/confirmConsentCode", &body).await.expect(200);
    assert_eq!(connected.at("/properties/createdBy/id"), json!(OWNER));
    assert_eq!(world.journal("connection.connected").await[1]["data"]["caller"], COLLEAGUE.to_string());
    assert_eq!(call_as_flow(&world, "orders", &runtime, "flow-1").await, 200);

    // Who no longer owns the flow can no longer sign in.
    link(&world, STRANGER).await.expect(403);
    report(&world, "flow-1", &[id_of(&runtime)], json!([])).await.expect(200);
    link(&world, COLLEAGUE).await.expect(403);
}

#[tokio::test]
async fn a_flow_has_access_through_the_owner_who_selected_a_connection() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let id = id_of(&runtime);
    let selected = |ids: &[&str]| json!([{"id": COLLEAGUE, "connections": ids}]);
    // The co-owner has no access, so her selection means nothing, although the owner has.
    let granted = report(&world, "flow-1", &[], selected(&[id])).await.expect(200);
    assert_eq!(granted.at("/properties/connections"), json!([]));
    assert_eq!(call_as_flow(&world, "orders", &runtime, "flow-1").await, 403);
    // Selected by both, it is granted through the first.
    let granted = report(&world, "flow-1", &[id], selected(&[id])).await.expect(200);
    assert_eq!(granted.at("/properties/connections"), json!([id]));
    // No longer selected, it is withdrawn.
    report(&world, "flow-1", &[], selected(&[])).await.expect(200);
    assert_eq!(call_as_flow(&world, "orders", &runtime, "flow-1").await, 403);
    let many: Vec<_> = (0..101).map(|n| json!({"id": Uuid::from_u128(n), "connections": []})).collect();
    report(&world, "flow-1", &[], json!(many)).await.expect(400);
    report(&world, "flow-1", &[], json!([{"id": "x", "connections": []}])).await.expect(400);
}

#[tokio::test]
async fn a_key_for_a_user_gives_the_access_of_that_user() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    let keys = |token: String, body: Value| {
        let world = &world;
        async move { world.arm(&token, "POST", "orders/listConnectionKeys", &body).await }
    };
    let key = keys(flows.clone(), json!({"objectId": OWNER})).await.expect(200);
    assert_eq!(call_with(&world, &runtime, &key).await, 200);
    // The access list decides at each call.
    let key = keys(flows.clone(), json!({"objectId": STRANGER})).await.expect(200);
    assert_eq!(call_with(&world, &runtime, &key).await, 403);
    keys(world.user(OWNER), json!({"objectId": STRANGER})).await.expect(403);
    for body in [
        json!({"objectId": OWNER, "workflowId": "flow-1"}),
        json!({"workflowId": "flow-1", "properties": {"objectId": OWNER}}),
        json!({"objectId": "someone"}),
    ] {
        keys(flows.clone(), body).await.expect(400);
    }
}
