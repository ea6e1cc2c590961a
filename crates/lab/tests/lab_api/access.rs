//! Who may call the lab API, and what ends with its caller.

use serde_json::{Value, json};

use crate::Lab;

/// Waits until `is_so`, for at most ten seconds of wall time.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        outlive_chassis::pause(std::time::Duration::from_millis(10)).await;
    }
    panic!("{what}: not within ten seconds");
}

#[tokio::test]
async fn a_matrix_ends_with_its_caller_and_leaves_no_tenant() {
    let lab = Lab::start().await;
    lab.fakes[0].lock().expect("no test panicked").hangs = true;
    let count = |call: &str| lab.calls(0).iter().filter(|made| *made == call).count();
    let url = format!("{}/lab/matrix/credentials", lab.origin);
    let post = || tokio::spawn(lab.client.post(&url).json(&json!({"rules": "2025-11"})).send());
    let first = post();
    until("rows begin", || count("create") > 0).await;
    let others: Vec<_> = (0..20).map(|_| post()).collect();
    // One is executed and a few wait; the rest are rejected at once, with the time to try again.
    let mut refused = 0;
    until("most are refused", || others.iter().filter(|other| other.is_finished()).count() >= 17).await;
    for other in others {
        if !other.is_finished() {
            other.abort();
            continue;
        }
        let answer = other.await.expect("it ran").expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (503, &"15".parse().expect("a value"))
        );
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["error"]["code"], "MatrixBusy");
        refused += 1;
    }
    assert_eq!(refused, 17);
    first.abort();
    until("all tenants are deleted", || count("create") == count("delete")).await;
    let created = count("create");
    assert!((1..=8).contains(&created), "the rows of one execution or two, not of 21: {created}");
    outlive_chassis::pause(std::time::Duration::from_millis(300)).await;
    assert_eq!((count("create"), count("delete")), (created, created), "nothing goes on");
    // The places are free again.
    lab.fakes[0].lock().expect("no test panicked").hangs = false;
    let answer = post().await.expect("it ran").expect("an answer");
    assert_eq!(answer.status().as_u16(), 502, "the stand-ins have no pages");
    until("all tenants are deleted", || count("create") == count("delete")).await;
}

#[tokio::test]
async fn a_matrix_is_not_executed_by_a_link() {
    let lab = Lab::start().await;
    let credentials = lab.bare_tenant().await;
    let id = credentials["tenant_id"].as_str().expect("an id");
    let before = lab.calls(0).len();
    for path in ["/lab/matrix/credentials".to_owned(), format!("/lab/tenants/{id}/matrix/credentials")] {
        let answer = lab.client.get(format!("{}{path}", lab.origin)).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["allow"]),
            (405, &"POST".parse().expect("a value"))
        );
    }
    let url = format!("{}/lab/matrix/credentials", lab.origin);
    for (body, status) in [("rules=2025-11", 415), ("{", 415)] {
        let answer = lab.client.post(&url).header("content-type", "text/plain").body(body).send().await;
        assert_eq!(answer.expect("an answer").status().as_u16(), status, "{body}");
    }
    for (body, status) in
        [(json!({"rules": "1999"}), 400), (json!({"rule": "2025-11"}), 422), (json!([]), 422)]
    {
        let answer = lab.client.post(&url).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{body}");
    }
    assert_eq!(lab.calls(0).len(), before);
}

/// Fetch Metadata: a browser says where a request comes from, and no page can change that.
#[tokio::test]
async fn pages_of_other_sites_cannot_use_the_lab_api() {
    let lab = Lab::start().await;
    let credentials = lab.bare_tenant().await;
    let id = credentials["tenant_id"].as_str().expect("an id");
    let calls = [
        (reqwest::Method::GET, "/lab/tenants".to_owned()),
        (reqwest::Method::GET, "/lab/openapi.json".to_owned()),
        (reqwest::Method::POST, "/lab/tenants".to_owned()),
        (reqwest::Method::DELETE, format!("/lab/tenants/{id}")),
        (reqwest::Method::POST, format!("/lab/tenants/{id}/clock")),
        (reqwest::Method::POST, format!("/lab/tenants/{id}/events")),
        (reqwest::Method::GET, format!("/lab/tenants/{id}/journal/stream")),
        (reqwest::Method::GET, format!("/lab/tenants/{id}/why/x")),
        (reqwest::Method::POST, "/lab/matrix/credentials".to_owned()),
    ];
    let before = lab.calls(0).len();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1:1"),
        ("origin", "null"),
    ] {
        for (method, path) in &calls {
            let request =
                lab.client.request(method.clone(), format!("{}{path}", lab.origin)).header(name, value);
            let answer = request.json(&json!({})).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 403, "{method} {path} {name}: {value}");
            assert!(!answer.headers().contains_key("access-control-allow-origin"));
        }
    }
    assert_eq!(lab.calls(0).len(), before, "nothing happened");
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", lab.origin.as_str()),
    ] {
        let request = lab.client.get(format!("{}/lab/tenants", lab.origin)).header(name, value);
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 200, "{name}: {value}");
    }
}
