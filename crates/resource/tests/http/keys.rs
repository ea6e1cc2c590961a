//! Requests with a key of the API.

use http::Method;
use serde_json::json;

use crate::scene::{API_KEY, Answer, Scene, spec};

async fn list(scene: &Scene, path: &str, keys: &[&str]) -> Answer {
    scene
        .send(Method::GET, path, |request| {
            keys.iter().fold(request, |request, key| request.header("X-Api-Key", *key))
        })
        .await
}

#[tokio::test]
async fn a_key_permits_everything_in_header_or_query() {
    let scene = Scene::start().await;
    let page = list(&scene, "/key/orders?$top=1", &[API_KEY]).await;
    assert_eq!(page.status, 200, "{page:?}");
    let in_query = list(&scene, "/key/orders?$top=1&api_key=key+of%20the+orders+API", &[]).await;
    assert_eq!(in_query.status, 200, "{in_query:?}");
    let next = in_query.body["@odata.nextLink"].as_str().expect("a link");
    assert!(next.contains("/key/orders?") && !next.contains("api_key"), "{next}");
    let order = json!({"customer": "Fabrikam", "item": "Bell", "quantity": 1});
    let created = scene
        .send(Method::POST, "/key/orders", |request| request.header("X-Api-Key", API_KEY).json(&order))
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["createdBy"], "key:integrations");
    let lines = scene.journal("request.accepted").await;
    assert_eq!(lines[0]["data"]["key"], "integrations");
    let text = serde_json::to_string(&lines).expect("JSON");
    assert!(!text.contains("of the orders API") && !text.contains("api_key"), "{text}");
}

#[tokio::test]
async fn the_api_rejects_other_keys() {
    let scene = Scene::start().await;
    for (path, keys) in [
        ("/key/orders", &[][..]),
        ("/key/orders", &["wrong"]),
        ("/key/orders", &[API_KEY, API_KEY]),
        ("/key/orders?api_key=x", &[API_KEY]),
        ("/key/orders/order-1", &[""]),
    ] {
        let answer = list(&scene, path, keys).await;
        assert_eq!(answer.refused(), (401, "Unauthorized"), "{path} {keys:?}");
        assert!(answer.challenge.starts_with("ApiKey "), "{answer:?}");
    }
    let elsewhere = list(&scene, "/orders", &[API_KEY]).await;
    assert_eq!(elsewhere.refused(), (401, "InvalidAuthenticationToken"));
}

#[tokio::test]
async fn a_tenant_cannot_begin_with_unusable_keys() {
    let scene = Scene::start().await;
    for (keys, at) in [
        (json!([{"name": "a", "key": "short"}]), "/keys/0/key"),
        (json!([{"name": "a b", "key": API_KEY}]), "/keys/0/name"),
        (
            json!([{"name": "a", "key": API_KEY}, {"name": "a", "key": "another key of the API"}]),
            "/keys/1/name",
        ),
    ] {
        let mut spec = spec();
        spec["keys"] = keys;
        let answer = scene.create_tenant(&spec).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.to_string().contains(at), "{answer:?}");
    }
}
