//! Reading and placing orders.

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::scene::{NOW, Scene, spec};

const READ: &[&str] = &["Orders.Read"];
const WRITE: &[&str] = &["Orders.ReadWrite"];

fn ids(body: &Value) -> Vec<&str> {
    body["value"].as_array().expect("a list").iter().filter_map(|order| order["id"].as_str()).collect()
}

#[tokio::test]
async fn orders_are_listed_page_by_page() {
    let scene = Scene::start().await;
    let token = scene.user_token(READ);
    let all = scene.get("/orders", &token).await;
    assert_eq!((all.status, ids(&all.body).len()), (200, 5));
    assert_eq!(all.body.get("@odata.nextLink"), None);
    assert_eq!(
        all.body["value"][0],
        json!({"id": "order-1", "customer": "Fabrikam", "item": "Bolt M8", "quantity": 10, "createdDateTime": NOW})
    );

    let (mut seen, mut path) = (Vec::new(), "/orders?$top=2".to_owned());
    for _ in 0..3 {
        let page = scene.get(&path, &token).await;
        assert_eq!(page.status, 200);
        seen.extend(ids(&page.body).into_iter().map(str::to_owned));
        path = match page.body["@odata.nextLink"].as_str() {
            Some(link) => link.strip_prefix(&scene.url).expect("links follow the caller's origin").to_owned(),
            None => break,
        };
    }
    assert_eq!(seen, ["order-1", "order-2", "order-3", "order-4", "order-5"]);
    let last = scene.get("/orders?$top=5", &token).await;
    assert_eq!(last.body.get("@odata.nextLink"), None, "a full last page has no next");

    for query in ["$top=0", "$top=x", "$top=1&$top=2", "$skiptoken=%21", "$skiptoken="] {
        assert_eq!(
            scene.get(&format!("/orders?{query}"), &token).await.refused(),
            (400, "BadRequest"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn one_order_is_read_by_its_id() {
    let scene = Scene::start().await;
    let token = scene.user_token(READ);
    let order = scene.get("/orders/order-3", &token).await;
    assert_eq!((order.status, &order.body["quantity"]), (200, &json!(30)));
    for id in ["order-9", "%00", "%ff", "a%2Fb", &"x".repeat(200), "'%20OR%201=1--"] {
        assert_eq!(
            scene.get(&format!("/orders/{id}"), &token).await.refused(),
            (404, "OrderNotFound"),
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_placed_order_can_be_read() {
    let scene = Scene::start().await;
    let both = scene.user_token(&["Orders.Read", "Orders.ReadWrite"]);
    let placed = scene.post(&both, &json!({"customer": "Woodgrove", "item": "Nut M8", "quantity": 7})).await;
    assert_eq!(placed.status, 201);
    assert_eq!(placed.body["createdBy"], json!("00000000-0000-0000-0000-000000000004"));
    let path = placed.location.strip_prefix(&scene.url).expect("on the caller's origin");
    assert_eq!(scene.get(path, &both).await.body, placed.body);
    assert_eq!(ids(&scene.get("/orders", &both).await.body).len(), 6);
}

#[tokio::test]
async fn a_bad_body_changes_nothing() {
    let scene = Scene::start().await;
    let token = scene.user_token(WRITE);
    let post = |content_type: &'static str, body: String| {
        let token = token.clone();
        scene.send(Method::POST, "/orders", move |request| {
            request.bearer_auth(token).header("content-type", content_type).body(body)
        })
    };
    let good = r#"{"customer":"F","item":"B","quantity":1}"#.to_owned();
    for (content_type, body, refused) in [
        ("text/plain", good.clone(), (415, "UnsupportedMediaType")),
        ("application/json", String::new(), (400, "BadRequest")),
        ("application/json", "{".repeat(10_000), (400, "BadRequest")),
        ("application/json", good.replace('1', "-1"), (400, "BadRequest")),
        ("application/json", format!("{good}{}", " ".repeat(20_000)), (413, "PayloadTooLarge")),
    ] {
        assert_eq!(post(content_type, body).await.refused(), refused);
    }
    assert_eq!(ids(&scene.get("/orders", &scene.user_token(READ)).await.body).len(), 5);
    assert_eq!(scene.journal("request.refused").await.len(), 5);
}

#[tokio::test]
async fn rejects_an_oversized_body_before_reading_it() {
    let scene = Scene::start().await;
    let host = scene.url.strip_prefix("http://").expect("an origin");
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    let head = format!(
        "POST /orders HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1100000\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains(r#"{"error":{"code":"PayloadTooLarge","#), "{answer}");
}

#[tokio::test]
async fn reports_unknown_paths_and_methods() {
    let scene = Scene::start().await;
    for path in ["/", "/order", "/orders/", "/orders/1/2", "/%2e%2e/x"] {
        assert_eq!(scene.send(Method::GET, path, |r| r).await.refused(), (404, "ResourceNotFound"), "{path}");
    }
    for (method, path, allow) in [
        (Method::DELETE, "/orders", "GET,HEAD,POST"),
        (Method::PUT, "/orders/order-1", "GET,HEAD"),
        (Method::POST, "/orders/order-1", "GET,HEAD"),
    ] {
        let answer = scene.send(method, path, |r| r).await;
        assert_eq!((answer.refused(), answer.allow.as_str()), ((405, "MethodNotAllowed"), allow));
    }
}

/// What is wrong with the resource's part of a specification, without a service.
fn mistakes(spec: &Value) -> Vec<outlive_chassis::SpecMistake> {
    let mut part = spec.clone();
    part.as_object_mut().expect("an object").remove("clock");
    outlive_resource::spec_mistakes(part)
}

#[tokio::test]
async fn rejects_invalid_tenant_specs() {
    let scene = Scene::start().await;
    assert_eq!(scene.create_tenant(&spec()).await.status, 409);
    assert_eq!(
        scene.send(Method::DELETE, &format!("/_lab/tenants/{}", scene.tenant), |r| r).await.status,
        204
    );
    for (member, value) in [
        ("audiences", json!([])),
        ("audiences", json!([""])),
        ("audiences", json!(vec!["a"; 17])),
        ("orders", json!([{"id": "a b", "customer": "c", "item": "i", "quantity": 1}])),
        ("orders", json!([{"id": "a", "customer": "", "item": "i", "quantity": 1}])),
        ("orders", json!([{"id": "a", "customer": "c", "item": "i", "quantity": 0}])),
        ("orders", json!([{"id": "a", "customer": "c", "item": "i"}])),
        ("surprise", json!(1)),
    ] {
        let mut spec = spec();
        spec[member] = value;
        assert!(!mistakes(&spec).is_empty(), "found without the service, too: {spec}");
        assert_eq!(scene.create_tenant(&spec).await.refused().0, 400, "{spec}");
    }
    assert!(mistakes(&spec()).is_empty());
    let token = scene.user_token(READ);
    assert_eq!(scene.get("/orders", &token).await.status, 401, "nothing is left of the tenant");
    assert_eq!(scene.create_tenant(&spec()).await.status, 201);
    assert_eq!(ids(&scene.get("/orders", &token).await.body).len(), 5);
}
