use axum::body::{Body, Bytes};
use http::{Method, Request, header};
use outlive_chassis::BODY_BYTES_MAX;
use serde_json::json;

use crate::scene::{HOST, Scene, json_request, lab, request};

#[tokio::test]
async fn rejects_unknown_hosts() {
    let scene = Scene::start().await;
    assert_eq!(scene.get("/healthz").await.body, json!({"service": "reminders", "status": "ok"}));
    for host in [
        "evil.example:8700",
        "reminders.example",
        "reminders.example:8701",
        "",
        "reminders.example:8700.evil",
    ] {
        let request =
            Request::get("/healthz").header(header::HOST, host).body(Body::empty()).expect("a request");
        let answer = scene.send(request).await;
        assert_eq!(answer.refused(), (421, "UnknownHost"), "{host}");
    }
    let nameless = Request::get("/healthz").body(Body::empty()).expect("a request");
    assert_eq!(scene.send(nameless).await.refused(), (421, "UnknownHost"));
    let shouted = Request::get("/healthz").header(header::HOST, HOST.to_uppercase()).body(Body::empty());
    assert_eq!(scene.send(shouted.expect("a request")).await.status, 200);
}

/// RFC 9112, section 3.2: more than one Host field is 400.
#[tokio::test]
async fn rejects_a_request_with_two_hosts() {
    let scene = Scene::start().await;
    for (uri, hosts) in [
        ("/healthz", &[HOST, "evil.example:8700"][..]),
        ("/healthz", &["evil.example:8700", HOST]),
        ("/healthz", &[HOST, HOST]),
        ("http://evil.example:8700/healthz", &[HOST]),
        ("http://reminders.example:8700/healthz", &["evil.example:8700"]),
        ("http://reminders.example:8700@evil.example/healthz", &[HOST]),
    ] {
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let answer = scene.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.refused(), (400, "BadRequest"), "{uri} {hosts:?}");
    }
    let absolute = Request::get("http://Reminders.example:8700/healthz").header(header::HOST, HOST);
    assert_eq!(scene.send(absolute.body(Body::empty()).expect("a request")).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_announced_or_not() {
    let scene = Scene::start().await;
    let full = vec![b' '; BODY_BYTES_MAX];
    let size = |body: Body| request(Method::POST, "/size").body(body).expect("a request");
    assert_eq!(scene.send(size(full.clone().into())).await.body, json!(BODY_BYTES_MAX));

    let announced = request(Method::POST, "/size").header(header::CONTENT_LENGTH, BODY_BYTES_MAX + 1);
    let answer = scene.send(announced.body(vec![b' '; BODY_BYTES_MAX + 1].into()).expect("a request")).await;
    assert_eq!(answer.refused(), (413, "PayloadTooLarge"));

    let streamed = || {
        let pieces = vec![Ok::<_, std::io::Error>(Bytes::from(full.clone())), Ok(Bytes::from_static(b"{}"))];
        Body::from_stream(futures::stream::iter(pieces))
    };
    assert_eq!(scene.send(size(streamed())).await.status, 413);
    for path in [lab(1, ""), lab(1, "/clock")] {
        let answer = scene.send(json_request(Method::PUT, &path, streamed())).await;
        assert_eq!(answer.refused(), (413, "PayloadTooLarge"), "{path}");
    }
    assert_eq!(scene.get("/_lab/tenants").await.body, json!({"tenants": []}));
}

#[tokio::test]
async fn a_panic_is_a_problem_response_and_the_service_continues() {
    let scene = Scene::start().await;
    for _ in 0..3 {
        let answer = scene.get("/panic").await;
        assert_eq!(answer.refused(), (500, "InternalError"));
        assert!(!answer.body.to_string().contains("as the test wants"), "no internal details");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    scene.create(1, &[]).await;
    assert_eq!(scene.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_trace_is_followed_and_passed_on() {
    let scene = Scene::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let client = "8a1c1b8e-6f0e-4c3b-9d0c-0d3a9e6f7b11";
    let with = |parent: &str, client: &str| {
        let request =
            request(Method::GET, "/trace").header("traceparent", parent).header("client-request-id", client);
        scene.send(request.body(Body::empty()).expect("a request"))
    };
    let followed = with(&format!("00-{trace}-00f067aa0ba902b7-01"), client).await;
    assert_eq!((&followed.body["trace"], &followed.body["client"]), (&json!(trace), &json!(client)));
    let onwards = followed.body["onwards"].as_str().expect("a text");
    assert!(onwards.starts_with(&format!("00-{trace}-")) && onwards.ends_with("-01"), "{onwards}");
    assert!(!onwards.contains("00f067aa0ba902b7"), "with a hop of its own");

    let ignored = with("00-garbage", "no uuid").await;
    assert_eq!(ignored.body["client"], json!(null));
    assert_eq!(ignored.body["trace"].as_str().map(str::len), Some(32));
    let created = json_request(Method::PUT, &lab(1, ""), "{}");
    let (mut parts, body) = created.into_parts();
    parts.headers.insert("traceparent", format!("00-{trace}-00f067aa0ba902b7-01").parse().expect("a header"));
    assert_eq!(scene.send(Request::from_parts(parts, body)).await.status, 201);
    assert_eq!(scene.get(&lab(1, "/journal")).await.body["lines"][0]["trace"], json!(trace));
}

#[tokio::test]
async fn every_answer_is_protected_and_has_an_id() {
    let scene = Scene::start().await;
    let mut ids = std::collections::HashSet::new();
    for path in ["/healthz", "/panic", "/nowhere", "/_lab/tenants", "/_lab/tenants/x/clock", "/own-policy"] {
        let answer = scene.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        let policy = if path == "/own-policy" {
            "default-src 'self'"
        } else {
            "default-src 'none'; frame-ancestors 'none'"
        };
        assert_eq!(answer.headers["content-security-policy"], policy, "{path}: a page may say more");
        let id = answer.headers["x-ms-request-id"].to_str().expect("a text").to_owned();
        assert!(id.parse::<uuid::Uuid>().is_ok() && ids.insert(id.clone()), "{path}: {id}");
    }
    assert_eq!(scene.get("/nowhere").await.status, 404);
    assert_eq!(scene.post("/healthz").await.status, 405);
}
