//! Faults at the resource: requests of anybody meet them, whatever their credential.

use http::Method;
use serde_json::json;

use crate::certificates::{certificate, client, list, register};
use crate::scene::{API_KEY, PASSWORD, Scene};

#[tokio::test]
async fn requests_with_every_credential_meet_the_faults_of_its_tenant() {
    let scene = Scene::start().await;
    let (origin, authority) = scene.by_tls();
    let (own, other) = (certificate(1), certificate(2));
    register(&scene, "gateway", &own).await;
    let faults = format!("/_lab/tenants/{}/faults", scene.tenant);
    let fault = json!({"service": "resource", "endpoint": "orders", "do": {"status": 503}});
    let added = scene.send(Method::POST, &faults, |request| request.json(&fault)).await;
    assert_eq!(added.status, 201, "{added:?}");
    let token = scene.user_token(&["Orders.Read"]);
    let basic = |user: &'static str, password: &'static str| {
        scene.send(Method::GET, "/basic/orders", move |request| request.basic_auth(user, Some(password)))
    };
    let key = |key: &'static str| {
        scene.send(Method::GET, "/key/orders/order-1", move |request| request.header("X-Api-Key", key))
    };
    let query = |path: &'static str| scene.send(Method::GET, path, |request| request);
    let met = [
        scene.get("/orders", &token).await.status,
        basic("owner@contoso.example", PASSWORD).await.status,
        basic("owner@CONTOSO.example", "wrong").await.status,
        key(API_KEY).await.status,
        query("/key/orders?api_key=key+of%20the+orders+API").await.status,
        list(&client(&authority, Some(&own)), &origin, "/certificate/orders").await.0,
    ];
    assert_eq!(met, [503; 6]);
    assert_eq!(scene.journal("fault.hit").await.len(), 6);
    // An unknown credential is of no tenant.
    let unmet = [
        basic("owner@nowhere.example", PASSWORD).await.status,
        basic("owner", PASSWORD).await.status,
        query("/basic/orders").await.status,
        key("wrong").await.status,
        query("/key/orders").await.status,
        list(&client(&authority, Some(&other)), &origin, "/certificate/orders").await.0,
        query("/certificate/orders").await.status,
    ];
    assert_eq!(unmet, [401, 401, 401, 401, 401, 403, 403]);
}
