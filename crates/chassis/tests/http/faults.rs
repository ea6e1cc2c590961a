//! Faults, as the lab adds them and callers meet them.

use std::net::SocketAddr;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::scene::{Answer, HOST, Place, Scene, json_request, lab, request, tenant};

/// A request that names the tenant in its path; nothing is there.
pub(crate) fn path(number: u128, rest: &str) -> String {
    format!("/{}{rest}", tenant(number))
}

pub(crate) async fn add(scene: &Scene, number: u128, fault: Value) -> Value {
    let mut all = json!({"service": "idp"});
    all.as_object_mut().expect("an object").extend(fault.as_object().expect("an object").clone());
    let answer = scene.post_json(&lab(number, "/faults"), all).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body
}

pub(crate) async fn statuses(scene: &Scene, paths: &[String]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in paths {
        statuses.push(scene.get(path).await.status);
    }
    statuses
}

pub(crate) async fn hits(scene: &Scene, number: u128) -> Vec<Value> {
    let lines = scene.get(&lab(number, "/journal?kind=fault.hit")).await.body["lines"].clone();
    lines.as_array().expect("lines").iter().map(|line| line["data"].clone()).collect()
}

#[tokio::test]
async fn a_fault_concerns_one_tenant_its_place_and_its_time() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    scene.create(2, &[]).await;
    let fault = add(
        &scene,
        1,
        json!({"endpoint": "/*/token", "do": {"status": 429, "retry_after": 30}, "for": "PT1H"}),
    )
    .await;
    assert_eq!(
        (&fault["state"], &fault["until"], &fault["do"]),
        (&json!("active"), &json!("2026-01-05T13:00:00Z"), &json!({"status": 429, "retry_after": 30}))
    );
    let all = [path(1, "/token"), path(1, "/keys"), path(2, "/token"), "/trace".to_owned()];
    assert_eq!(statuses(&scene, &all).await, [429, 404, 404, 200]);
    let met = scene.get(&path(1, "/token")).await;
    assert_eq!(
        (met.headers["retry-after"].as_bytes(), met.refused()),
        (&b"30"[..], (429, "TooManyRequests"))
    );
    assert_eq!(met.headers["date"], "Mon, 05 Jan 2026 12:00:00 GMT");
    assert_eq!(met.headers["outlive-fault"], fault["id"].as_str().expect("an id"));
    let expected = json!({
        "fault": fault["id"], "hit": 2, "effect": "status 429 with Retry-After 30 s", "method": "GET",
        "path": path(1, "/token"),
    });
    assert_eq!(hits(&scene, 1).await.last(), Some(&expected));
    scene.put(&lab(1, "/clock"), json!({"now": "2026-01-05T13:00:00Z"})).await;
    assert_eq!(statuses(&scene, &all).await, [404, 404, 404, 200]);
    let listed = scene.get(&lab(1, "/faults")).await.body;
    let [listed] = listed["faults"].as_array().expect("a list").as_slice() else { panic!("{listed}") };
    assert_eq!(
        (&listed["state"], &listed["hits"], &listed["requests"]),
        (&json!("ended"), &json!(2), &json!(2))
    );
    assert_eq!(listed["last_hit"], "2026-01-05T12:00:00Z");
}

#[tokio::test]
async fn a_fault_ends_when_it_is_removed_and_with_its_tenant() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for _ in 0..2 {
        add(&scene, 1, json!({"do": {"status": 500}, "count": 1})).await;
    }
    let once = add(&scene, 1, json!({"do": {"status": 503}})).await;
    let paths = vec![path(1, "/"); 4];
    // Those that have ended leave requests to the next.
    assert_eq!(statuses(&scene, &paths).await, [500, 500, 503, 503]);
    let id = once["id"].as_str().expect("an id");
    assert_eq!(scene.delete(&lab(1, &format!("/faults/{id}"))).await.status, 204);
    assert_eq!(statuses(&scene, &paths[..1]).await, [404]);
    let gone = scene.delete(&lab(1, &format!("/faults/{id}"))).await;
    assert_eq!(gone.refused(), (404, "FaultNotFound"));
    add(&scene, 1, json!({"do": {"status": 503}})).await;
    assert_eq!(statuses(&scene, &paths[..1]).await, [503]);
    assert_eq!(scene.delete(&lab(1, "/faults")).await.status, 204);
    assert_eq!(statuses(&scene, &paths[..1]).await, [404]);
    add(&scene, 1, json!({"do": {"status": 503}})).await;
    assert_eq!(scene.delete(&lab(1, "")).await.status, 204);
    scene.create(1, &[]).await;
    assert_eq!(statuses(&scene, &paths[..1]).await, [404]);
    assert_eq!(scene.get(&lab(1, "/faults")).await.body, json!({"faults": []}));
}

#[tokio::test]
async fn the_lab_surface_and_health_meet_no_fault() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    add(&scene, 1, json!({"do": {"status": 503}})).await;
    for path in ["/healthz".to_owned(), lab(1, "/clock"), "/_pages/all.css".to_owned()] {
        assert_eq!(scene.get(&path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn faults_survive_a_restart_and_the_same_seed_yields_the_same_hits() {
    async fn run(place: &Place) -> Vec<u16> {
        let scene = place.start().await;
        scene.create(1, &[]).await;
        add(&scene, 1, json!({"do": {"status": 503}, "probability": 0.5})).await;
        let mut met = statuses(&scene, &vec![path(1, "/"); 20]).await;
        scene.chassis.close().await;
        drop(scene);
        let again = place.start().await;
        met.extend(statuses(&again, &vec![path(1, "/"); 20]).await);
        assert_eq!(hits(&again, 1).await.len(), met.iter().filter(|status| **status == 503).count());
        met
    }
    let (one, two) = (Place::sqlite(), Place::sqlite());
    let (first, second) = (run(&one).await, run(&two).await);
    assert_eq!(first, second);
    assert!(first.contains(&503) && first.contains(&404), "{first:?}");
}

#[tokio::test]
async fn parallel_requests_are_counted_once_each() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    add(&scene, 1, json!({"do": {"status": 503}, "count": 5})).await;
    let (scene, path) = (&scene, &path(1, "/"));
    let sent = futures::future::join_all((0..20).map(|_| scene.get(path))).await;
    assert_eq!(sent.iter().filter(|answer| answer.status == 503).count(), 5);
    let numbers: Vec<_> = hits(scene, 1).await.iter().map(|hit| hit["hit"].as_u64()).collect();
    assert_eq!(numbers, (1..=5).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn bad_faults_are_refused_with_their_field() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for (fault, field) in [
        (json!({"service": "idp", "do": {}}), "do"),
        (json!({"service": "idp", "do": {"status": 99}}), "do.status"),
        (json!({"service": "idp", "do": {"status": 503}, "endpoint": "x"}), "endpoint"),
        (json!({"service": "idp", "do": {"expired": true}}), "do"),
        (json!({"service": "idp", "do": {"status": 503}, "connection": "x"}), "connection"),
        (json!({"service": "idp"}), "The body"),
        (json!({"service": "lab", "do": {"status": 503}}), "The body"),
        (json!({"service": "idp", "do": {"status": 503, "more": 1}}), "The body"),
    ] {
        let answer = scene.post_json(&lab(1, "/faults"), fault.clone()).await;
        assert_eq!(answer.refused(), (400, "BadRequest"), "{fault}");
        let message = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(field), "{fault}: {message}");
    }
    let answer = scene.post_json(&lab(9, "/faults"), json!({"service": "idp", "do": {"status": 503}})).await;
    assert_eq!(answer.refused(), (404, "TenantNotFound"));
    for _ in 0..50 {
        add(&scene, 1, json!({"do": {"status": 503}, "count": 1})).await;
    }
    let answer = scene.post_json(&lab(1, "/faults"), json!({"service": "idp", "do": {"status": 503}})).await;
    assert_eq!(answer.refused(), (409, "Conflict"));
}

pub(crate) async fn send(scene: &Scene, virtually: bool, number: u128) -> Answer {
    let mut sent = request(Method::GET, &path(number, "/"));
    if virtually {
        sent = sent.header("outlive-delay", "virtual");
    }
    scene.send(sent.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_delay_is_virtual_for_services_and_wall_time_for_others() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    add(&scene, 1, json!({"do": {"delay": "PT0.3S", "status": 503}, "count": 2})).await;
    let begun = outlive_clock::wall_now();
    let answer = send(&scene, true, 1).await;
    assert_eq!((answer.status, answer.headers["outlive-delay"].as_bytes()), (503, &b"300"[..]));
    assert!((outlive_clock::wall_now() - begun).as_millis() < 250);
    let answer = send(&scene, false, 1).await;
    assert_eq!((answer.status, answer.headers.get("outlive-delay")), (503, None));
    assert!((outlive_clock::wall_now() - begun).as_millis() >= 300);
    add(&scene, 1, json!({"do": {"delay": "PT1H"}, "count": 1})).await;
    let answer = send(&scene, true, 1).await;
    assert_eq!((answer.status, answer.headers["outlive-delay"].as_bytes()), (504, &b"3600000"[..]));
}

/// Sends a request over a socket and returns everything that comes back.
async fn over_socket(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("is sent");
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    String::from_utf8_lossy(&received).into_owned()
}

#[tokio::test]
async fn responses_are_lost_cut_off_or_malformed_on_the_wire() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let served = tokio::spawn(outlive_chassis::serve(listener, scene.app.clone(), std::future::pending()));
    for (effect, whole, body) in [
        (json!({"drop": "request"}), false, ""),
        (json!({"drop": "response"}), false, ""),
        (json!({"status": 503, "body": "0123456789", "truncate": 4}), false, "0123"),
        (json!({"body": {"a": 1}, "malform": true}), true, "{\"a{"),
    ] {
        add(&scene, 1, json!({"do": effect, "count": 1})).await;
        let received = over_socket(address, &path(1, "/")).await;
        let (head, sent) = received.split_once("\r\n\r\n").unwrap_or_default();
        assert_eq!(sent, body, "{effect}: {received}");
        assert_eq!(received.is_empty(), effect.get("drop").is_some(), "{effect}: {received}");
        let length = head
            .to_lowercase()
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ").map(str::to_owned));
        let is_whole = length == Some(sent.len().to_string());
        assert_eq!(is_whole, whole, "{effect}: {received}");
    }
    served.abort();
}

#[tokio::test]
async fn replicas_use_faults_when_adding_them_returns() {
    let Some(place) = Place::postgres("faults::replicas_use_faults_when_adding_them_returns") else { return };
    let (one, two) = (place.start().await, place.start().await);
    one.create(1, &[]).await;
    assert_eq!(two.get(&path(1, "/")).await.status, 404);
    let fault = add(&one, 1, json!({"do": {"status": 503}, "count": 30})).await;
    let (paths, replicas) = (path(1, "/"), [&one, &two]);
    let sent = futures::future::join_all((0..60).map(|turn| replicas[turn % 2].get(&paths))).await;
    assert_eq!(sent.iter().filter(|answer| answer.status == 503).count(), 30);
    assert_eq!(hits(&two, 1).await.len(), 30);
    let id = fault["id"].as_str().expect("an id");
    add(&two, 1, json!({"do": {"status": 500}})).await;
    assert_eq!(one.delete(&lab(1, &format!("/faults/{id}"))).await.status, 204);
    assert_eq!((one.get(&paths).await.status, two.get(&paths).await.status), (500, 500));
    assert_eq!(two.delete(&lab(1, "/faults")).await.status, 204);
    assert_eq!((one.get(&paths).await.status, two.get(&paths).await.status), (404, 404));
    place.remove().await;
}

#[tokio::test]
async fn a_form_names_its_client_and_reaches_the_handler() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let client = "c0470500-0000-4000-8002-000000000004";
    add(&scene, 1, json!({"client": client, "do": {"status": 503}})).await;
    let send = async |client: &str| {
        let form = format!("grant_type=x&client_id={client}");
        let request = Request::builder()
            .method(Method::POST)
            .uri(path(1, "/size"))
            .header("host", HOST)
            .header("content-type", "application/x-www-form-urlencoded");
        scene.send(request.body(Body::from(form)).expect("a request")).await.status
    };
    assert_eq!(send(client).await, 503);
    assert_eq!(send("c0470500-0000-4000-8002-000000000005").await, 404);
    assert_eq!(hits(&scene, 1).await[0]["client"], client);
    // The body of a form is read for its client, and still there for the handler.
    let mut sized = json_request(Method::POST, "/size", "grant_type=x");
    sized.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().expect("a type"));
    assert_eq!(scene.send(sized).await.body, json!(12));
}
