//! Who acts as the user who signed in for an on-behalf-of connection.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::co_owners::report;
use crate::on_behalf_of::{SINGLE_SIGN_ON, call_as, connect, sign_in, world};
use crate::world::{COLLEAGUE, FLOWS, OWNER, World};

const APPLICATION: Uuid = Uuid::from_u128(0x0d);

async fn share(world: &World, name: &str, identity: Value) {
    let kind = if identity.get("workflowId").is_some() { "Workflow" } else { "ActiveDirectory" };
    let policy = json!({"properties": {"principal": {"type": kind, "identity": identity}}});
    let path = format!("orders/accessPolicies/{name}");
    world.arm(&world.user(OWNER), "PUT", &path, &policy).await.expect(201);
}

/// Calls with a key, and returns the status and the text of the response.
async fn call_with_key(world: &World, runtime: &str, by: &str, body: Value) -> (u16, String) {
    let key = world.arm(by, "POST", "orders/listConnectionKeys", &body).await.expect(200);
    let key = format!("Key {}", key.at("/connectionKey").as_str().expect("a key"));
    let answer = call_as(world, runtime, &key).await;
    (answer.status.as_u16(), answer.text.clone())
}

#[tokio::test]
async fn a_key_and_an_application_have_the_token_of_their_own_user_only() {
    let world = world().await;
    let runtime = connect(&world, "orders", SINGLE_SIGN_ON).await;
    for (name, id) in [("colleague", COLLEAGUE), ("application", APPLICATION)] {
        share(&world, name, json!({"tenantId": world.tenant, "objectId": id})).await;
    }
    let [owner, colleague] = [OWNER, COLLEAGUE].map(|user| world.user(user));
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    let before = world.back_end.calls().len();
    for (by, body) in [(&colleague, json!({})), (&flows, json!({"objectId": COLLEAGUE}))] {
        let (status, text) = call_with_key(&world, &runtime, by, body).await;
        assert!(status == 403 && text.contains("Authorization: Bearer"), "{status} {text}");
    }
    let refused = call_as(&world, &runtime, &world.app_token(APPLICATION, &[])).await.expect(403);
    assert!(refused.text.contains("another user signed in"), "{}", refused.text);
    assert_eq!(world.back_end.calls().len(), before);
    call_as(&world, &runtime, &colleague).await.expect(200);
    for (by, body) in [(&owner, json!({})), (&flows, json!({"objectId": OWNER}))] {
        assert_eq!(call_with_key(&world, &runtime, by, body).await.0, 200);
    }

    // Nor does the owner act as the colleague for whom they requested a link.
    sign_in(&world, "orders", COLLEAGUE).await;
    assert_eq!(call_with_key(&world, &runtime, &owner, json!({})).await.0, 403);
    assert_eq!(call_with_key(&world, &runtime, &colleague, json!({})).await.0, 200);
}

#[tokio::test]
async fn a_flow_acts_for_the_owner_of_the_connection_or_its_own_who_signed_in() {
    let world = world().await;
    let runtime = connect(&world, "orders", SINGLE_SIGN_ON).await;
    let id = runtime.rsplit_once('/').expect("an id").1;
    let co_owner = json!([{"id": COLLEAGUE, "connections": []}]);
    report(&world, "shared", &[id], co_owner).await.expect(200);
    report(&world, "own", &[id], json!([])).await.expect(200);
    share(&world, "written", json!({"workflowId": "written"})).await;
    let flows = world.app_token(FLOWS, &["Flows.Act"]);
    for (user, expected) in [(OWNER, [200, 200, 200]), (COLLEAGUE, [200, 403, 403]), (OWNER, [200; 3])] {
        sign_in(&world, "orders", user).await;
        for (flow, expected) in ["shared", "own", "written"].into_iter().zip(expected) {
            let (status, text) = call_with_key(&world, &runtime, &flows, json!({ "workflowId": flow })).await;
            assert_eq!(status, expected, "{flow} for {user}: {text}");
            assert_eq!(status == 403, text.contains("An owner has to sign in"), "{text}");
        }
    }
}
