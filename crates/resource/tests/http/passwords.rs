//! Requests with user name and password.

use http::Method;
use outlive_clock::TenantId;
use serde_json::json;
use uuid::Uuid;

use crate::scene::{Answer, PASSWORD, Scene, spec};

const OWNER: &str = "owner@contoso.example";

async fn list(scene: &Scene, user: &str, password: &str) -> Answer {
    scene.send(Method::GET, "/basic/orders?$top=2", |request| request.basic_auth(user, Some(password))).await
}

#[tokio::test]
async fn a_password_that_the_directory_accepts_permits_everything() {
    let scene = Scene::start().await;
    let page = list(&scene, OWNER, PASSWORD).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.body["value"].as_array().map(Vec::len), Some(2));
    let next = page.body["@odata.nextLink"].as_str().expect("a link");
    let below = next.strip_prefix(&scene.url).expect("a link to this API");
    assert!(below.starts_with("/basic/orders?"), "{below}");
    let next = scene.send(Method::GET, below, |request| request.basic_auth(OWNER, Some(PASSWORD))).await;
    assert_eq!(next.body["value"][0]["id"], "order-3");

    let order = json!({"customer": "Fabrikam", "item": "Bell", "quantity": 1});
    let created = scene
        .send(Method::POST, "/basic/orders", |request| {
            request.basic_auth("Owner@CONTOSO.example", Some(PASSWORD)).json(&order)
        })
        .await;
    assert_eq!(created.status, 401, "the directory decides about names: {created:?}");
    let created = scene
        .send(Method::POST, "/basic/orders", |request| request.basic_auth(OWNER, Some(PASSWORD)).json(&order))
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["createdBy"], Uuid::from_u128(4).to_string());
    let read = scene
        .send(Method::GET, created.location.strip_prefix(&scene.url).expect("a link"), |request| {
            request.basic_auth(OWNER, Some(PASSWORD))
        })
        .await;
    assert_eq!(read.body, created.body);

    let lines = scene.journal("request.accepted").await;
    assert_eq!(lines[0]["subject"], format!("user:{}", Uuid::from_u128(4)));
    let text = serde_json::to_string(&lines).expect("JSON");
    assert!(!text.contains("horse") && lines[0]["data"].get("token").is_none(), "{text}");
}

#[tokio::test]
async fn a_rejected_password_is_401_with_a_basic_challenge() {
    let scene = Scene::start().await;
    let answer = list(&scene, OWNER, "yesterday's").await;
    assert_eq!(answer.refused(), (401, "Unauthorized"));
    assert_eq!(answer.challenge, "Basic realm=\"Contoso Orders\", charset=\"UTF-8\"");
    let message = answer.body["error"]["message"].as_str().expect("a message");
    assert_eq!(message, "The user name or password was rejected by the directory (AADSTS50126).");
    let lines = scene.journal("request.refused").await;
    assert_eq!(lines.len(), 1);
    let payload = &lines[0]["data"];
    assert_eq!((&payload["reason"], &payload["path"]), (&json!("wrong_password"), &json!("/basic/orders")));
    assert!(!lines[0].to_string().contains("yesterday"));
}

#[tokio::test]
async fn nothing_but_a_known_domain_reaches_the_directory() {
    let scene = Scene::start().await;
    for (user, password) in [("owner@fabrikam.example", PASSWORD), ("owner", PASSWORD), ("", "")] {
        assert_eq!(list(&scene, user, password).await.refused(), (401, "Unauthorized"), "{user}");
    }
    let bare = scene.send(Method::GET, "/basic/orders", |request| request).await;
    assert_eq!(bare.refused(), (401, "Unauthorized"));
    let token = scene.user_token(&["Orders.Read"]);
    let bearer = scene.send(Method::GET, "/basic/orders", |request| request.bearer_auth(token)).await;
    assert_eq!(bearer.refused(), (401, "Unauthorized"));
    let password = scene.send(Method::GET, "/orders", |r| r.basic_auth(OWNER, Some(PASSWORD))).await;
    assert_eq!(password.refused(), (401, "InvalidAuthenticationToken"));
    scene.break_issuer();
    assert_eq!(list(&scene, OWNER, PASSWORD).await.refused(), (503, "ServiceUnavailable"));
}

/// Tenants of an earlier version have no stored domain, and neither have those of a seed without
/// one.
#[tokio::test]
async fn a_tenant_without_a_stored_domain_is_looked_up_in_the_directory() {
    let scene = Scene::start().await;
    let mut without = spec();
    let members = without.as_object_mut().expect("an object");
    members.remove("domain");
    members.remove("keys");
    let tenant = TenantId::from_uuid(Uuid::from_u128(2));
    let path = format!("/_lab/tenants/{tenant}");
    let created = scene.send(Method::PUT, &path, |request| request.json(&without)).await;
    assert_eq!(created.status, 201, "{created:?}");
    // The second time it is stored.
    for _ in 0..2 {
        let page = list(&scene, "owner@Fabrikam.example", PASSWORD).await;
        assert_eq!(page.status, 401, "the directory decides about names: {page:?}");
        assert_eq!(list(&scene, "owner@fabrikam.example", PASSWORD).await.status, 200);
        assert_eq!(list(&scene, "owner@fabrikam.example", "wrong").await.status, 401);
    }
    for unknown in
        ["owner@elsewhere.example", "owner@nowhere.example", "owner@a..b", "owner@../x.y", "owner@localhost"]
    {
        let answer = list(&scene, unknown, PASSWORD).await;
        assert_eq!(answer.refused(), (401, "Unauthorized"), "{unknown}");
        assert_eq!(answer.body["error"]["message"], "The user name or password is wrong.", "{unknown}");
    }
}

#[tokio::test]
async fn a_directory_that_responds_too_late_in_virtual_time_did_not_respond() {
    let scene = Scene::start().await;
    for (delay, status) in [(29_999, 200), (30_000, 503), (3_600_000, 503), (0, 200)] {
        scene.delay_issuer(delay);
        assert_eq!(list(&scene, OWNER, PASSWORD).await.status, status, "{delay} ms");
    }
    // A domain that is not stored yet.
    scene.delay_issuer(30_000);
    assert_eq!(list(&scene, "owner@fabrikam.example", PASSWORD).await.status, 503);
}
