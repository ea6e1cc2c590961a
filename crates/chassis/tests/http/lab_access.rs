//! `/_lab` answers the holder of the lab key only.

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::json;

use crate::scene::{HOST, LAB_AUTHORIZATION, Scene, lab, tenant};

fn plain(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).expect("a request")
}

/// Every route of the lab surface, the routes that a service adds, and paths that do not exist.
fn calls() -> Vec<(Method, String)> {
    let get = |path: String| (Method::GET, path);
    vec![
        get("/_lab".to_owned()),
        get("/_lab/".to_owned()),
        get("/_lab/nowhere".to_owned()),
        get("/_lab/tenants".to_owned()),
        (Method::HEAD, "/_lab/tenants".to_owned()),
        (Method::OPTIONS, "/_lab/tenants".to_owned()),
        get("http://reminders.example:8700/_lab/tenants".to_owned()),
        (Method::PUT, lab(2, "")),
        (Method::DELETE, lab(1, "")),
        get(lab(1, "/clock")),
        (Method::PUT, lab(1, "/clock")),
        (Method::POST, lab(1, "/due")),
        get(lab(1, "/journal")),
        get(lab(1, "/journal/stream")),
    ]
}

#[tokio::test]
async fn every_call_of_the_lab_surface_requires_the_lab_key() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    let wrong = format!("Lab {}", "0".repeat(64));
    let bearer = LAB_AUTHORIZATION.replace("Lab ", "Bearer ");
    let longer = format!("{LAB_AUTHORIZATION}0");
    for (method, path) in calls() {
        for headers in [
            &[][..],
            &[("authorization", "")],
            &[("authorization", "Lab ")],
            &[("authorization", wrong.as_str())],
            &[("authorization", bearer.as_str())],
            &[("authorization", longer.as_str())],
            &[("authorization", LAB_AUTHORIZATION), ("authorization", wrong.as_str())],
            &[("x-outlive-lab-key", LAB_AUTHORIZATION)],
        ] {
            let answer = scene.send(plain(method.clone(), &path, headers)).await;
            assert_eq!(answer.status, 401, "{method} {path} {headers:?}");
            assert_eq!(answer.headers["www-authenticate"], "Lab", "{method} {path}");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
            if method != Method::HEAD {
                assert_eq!(answer.refused(), (401, "LabKeyRequired"), "{method} {path}");
            }
        }
    }
    assert_eq!(scene.get("/_lab/tenants").await.body, json!({"tenants": [tenant(1)]}), "nothing has changed");
}

#[tokio::test]
async fn the_lab_surface_cannot_be_used_by_pages_or_through_a_proxy_even_with_the_key() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "same-origin"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://reminders.example:8700"),
        ("forwarded", "for=192.0.2.60;proto=http"),
        ("via", "1.1 proxy"),
        ("x-forwarded-for", "192.0.2.60"),
        ("x-forwarded-host", "reminders.example"),
        ("x-forwarded-proto", "https"),
        ("x-real-ip", "192.0.2.60"),
    ] {
        for (method, path) in calls() {
            let answer = scene
                .send(plain(method.clone(), &path, &[("authorization", LAB_AUTHORIZATION), header]))
                .await;
            assert_eq!(answer.status, 403, "{method} {path} {header:?}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{method} {path}");
        }
    }
    let mut typed = plain(Method::GET, "/_lab/tenants", &[("authorization", LAB_AUTHORIZATION)]);
    typed.headers_mut().insert("sec-fetch-site", "none".parse().expect("a value"));
    assert_eq!(scene.send(typed).await.body, json!({"tenants": [tenant(1)]}), "nothing has changed");
}

/// The router compares paths as they are written: another spelling is another path, which has no
/// route.
#[tokio::test]
async fn other_spellings_of_the_path_do_not_reach_the_lab_surface() {
    let scene = Scene::start().await;
    scene.create(1, &[]).await;
    for path in [
        "//_lab/tenants",
        "/./_lab/tenants",
        "/x/../_lab/tenants",
        "/%5Flab/tenants",
        "/%5flab/tenants",
        "/_LAB/tenants",
        "/%2F_lab/tenants",
        "/_lab%2Ftenants",
        "/_lab;x/tenants",
    ] {
        assert_eq!(scene.send(plain(Method::GET, path, &[])).await.status, 404, "{path}");
    }
}
