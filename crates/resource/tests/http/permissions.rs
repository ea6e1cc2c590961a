//! Scopes and roles.

use outlive_tokens::Challenge;
use serde_json::json;

use crate::scene::{Answer, Scene};

/// The scope or role that a 403 requires.
fn needed(answer: &Answer) -> String {
    assert_eq!(answer.refused(), (403, "InsufficientScope"));
    let challenge = Challenge::parse(&answer.challenge).expect("a bearer challenge");
    assert_eq!(challenge.error(), Some("insufficient_scope"));
    let scope = challenge.scope().expect("a scope").to_owned();
    assert!(challenge.error_description().is_some_and(|text| text.contains(&scope)));
    scope
}

#[tokio::test]
async fn users_need_scopes_and_applications_roles() {
    let scene = Scene::start().await;
    let order = json!({"customer": "F", "item": "B", "quantity": 1});
    for (token, may_read, may_write) in [
        (scene.user_token(&["Orders.Read"]), Ok(()), Err("Orders.ReadWrite")),
        (scene.user_token(&["Orders.ReadWrite"]), Err("Orders.Read"), Ok(())),
        (scene.user_token(&["orders.read", "Orders.Rea"]), Err("Orders.Read"), Err("Orders.ReadWrite")),
        (scene.user_token(&[]), Err("Orders.Read"), Err("Orders.ReadWrite")),
        (
            scene.user_token(&["Orders.Read.All", "Orders.ReadWrite.All"]),
            Err("Orders.Read"),
            Err("Orders.ReadWrite"),
        ),
        (scene.app_token(&["Orders.Read.All"]), Ok(()), Err("Orders.ReadWrite.All")),
        (scene.app_token(&["Orders.ReadWrite.All"]), Err("Orders.Read.All"), Ok(())),
        (
            scene.app_token(&["Orders.Read", "Orders.ReadWrite"]),
            Err("Orders.Read.All"),
            Err("Orders.ReadWrite.All"),
        ),
        (scene.app_token(&[]), Err("Orders.Read.All"), Err("Orders.ReadWrite.All")),
    ] {
        let requests = [
            (scene.get("/orders", &token).await, 200, may_read),
            (scene.get("/orders/order-1", &token).await, 200, may_read),
            (scene.post(&token, &order).await, 201, may_write),
        ];
        for (answer, status, may) in requests {
            match may {
                Ok(()) => assert_eq!(answer.status, status),
                Err(missing) => assert_eq!(needed(&answer), missing),
            }
        }
    }
}

#[tokio::test]
async fn callers_without_permission_cannot_probe_for_orders() {
    let scene = Scene::start().await;
    let token = scene.user_token(&["Orders.ReadWrite"]);
    for path in ["/orders/order-1", "/orders/order-9", "/orders?$top=x"] {
        assert_eq!(needed(&scene.get(path, &token).await), "Orders.Read", "{path}");
    }
}
