//! The page of faults.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, NASTY, TENANT};

const FAULT: &str = "c0470500-0000-4000-800f-000000000002";

/// The faults of the fake lab: an active one, and one that has ended.
async fn list() -> Json<Value> {
    Json(json!({"faults": [
        {"id": "c0470500-0000-4000-800f-000000000001", "service": "resource", "endpoint": "/orders/**", "do": {"status": 503},
            "from": "2026-01-05T10:00:00Z", "until": "2026-01-05T10:10:00Z", "state": "ended", "added": "2026-01-05T10:00:00Z",
            "requests": 0, "hits": 0, "last_hit": null},
        {"id": FAULT, "service": "idp", "endpoint": "token", "client": NASTY, "do": {"status": 429, "retry_after": 30},
            "probability": 0.5, "count": 9, "from": "2026-01-05T11:30:00Z", "until": "2026-01-05T12:30:00Z", "state": "active",
            "added": "2026-01-05T11:30:00Z", "requests": 8, "hits": 5, "last_hit": "2026-01-05T11:59:00Z"},
    ]}))
}

async fn add(State(lab): State<FakeLab>, Json(fault): Json<Value>) -> Response {
    if let Some(message) = lab.refuse {
        let body = json!({"error": {"code": "BadRequest", "message": message}});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    lab.requests.lock().expect("not poisoned").push(json!({ "add": fault }));
    (StatusCode::CREATED, Json(json!({}))).into_response()
}

async fn remove(State(lab): State<FakeLab>, Path((_, id)): Path<(String, String)>) -> StatusCode {
    lab.requests.lock().expect("not poisoned").push(json!({ "remove": id }));
    StatusCode::NO_CONTENT
}

async fn remove_all(State(lab): State<FakeLab>) -> StatusCode {
    lab.requests.lock().expect("not poisoned").push(json!("remove all"));
    StatusCode::NO_CONTENT
}

async fn browser(lab: &FakeLab) -> Browser {
    let faults = Router::new()
        .route("/lab/tenants/{tenant}/faults", get(list).post(add).delete(remove_all))
        .route("/lab/tenants/{tenant}/faults/{id}", delete(remove));
    Browser::at(&lab.serve_with(faults).await)
}

#[tokio::test]
async fn faults_are_listed_with_their_hits() {
    let mut browser = browser(&FakeLab::default()).await;
    let page = browser.get("/faults").await;
    assert_eq!(page.texts("h1"), ["One fault is active, at the token endpoint of the issuer"]);
    assert_eq!(page.texts("table .badge"), ["Active", "Ended"]);
    let heads = page.texts("tbody th");
    assert!(heads[0].starts_with("Status 429 with Retry-After 30 s"), "{heads:?}");
    let cells = page.texts("tbody td");
    assert!(
        cells.contains(&"from 11:30 to 12:30, at most 9 hits, 50 % of the requests".to_owned()),
        "{cells:?}"
    );
    assert!(
        cells.iter().any(|cell| cell.starts_with("5 of 8 requests") && cell.ends_with("last at 11:59")),
        "{cells:?}"
    );
    let links = page.attributes("td[data-label=Hits] a", "href");
    assert_eq!(links, [format!("/journal?tenant={TENANT}&kind=fault.hit&service=idp")]);
    assert!(!page.body.contains(NASTY));
    let data = browser.get_as("/faults", "application/json").await;
    assert!(data.body.contains("\"retry_after\":30"));
}

#[tokio::test]
async fn faults_are_added_and_removed_with_a_form_token() {
    let lab = FakeLab::default();
    let mut browser = browser(&lab).await;
    let token = browser.get("/faults").await.attributes("form.card input[name=token]", "value").remove(0);
    let path = format!("/console/{TENANT}/faults");
    let mut send = async |fields: &[(&str, &str)]| {
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        let answer = browser.post(&path, &all).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let to = answer.headers[LOCATION].to_str().expect("text").to_owned();
        assert_eq!(to, format!("/faults?tenant={TENANT}"));
        browser.get(&to).await.texts(".toast").remove(0)
    };
    let form = [
        ("do", "add"),
        ("place", "idp token"),
        ("effect", "aadsts"),
        ("aadsts", "50173"),
        ("client", "Orders Desktop"),
        ("connection", ""),
        ("begins", "PT10M"),
        ("lasts", "PT1H"),
        ("count", "3"),
        ("percent", ""),
    ];
    assert!(send(&form).await.starts_with("The fault is added at the token endpoint of the issuer"));
    assert!(send(&[("do", "preset"), ("which", "api-down")]).await.starts_with("The fault is added"));
    assert!(send(&[("do", "add"), ("place", "idp")]).await.starts_with("Choose what goes wrong"));
    assert!(send(&[("do", "remove"), ("which", FAULT)]).await.starts_with("The fault is removed"));
    assert!(send(&[("do", "remove-all")]).await.starts_with("All faults are removed"));

    let added = json!({"add": {
        "service": "idp", "endpoint": "token", "client": "Orders Desktop", "do": {"aadsts": 50173}, "count": 3,
        "from": "2026-01-05T12:10:00Z", "for": "PT1H",
    }});
    let down =
        json!({"add": {"service": "resource", "endpoint": "orders", "do": {"status": 503}, "for": "PT10M"}});
    assert_eq!(lab.requests(), [added, down, json!({ "remove": FAULT }), json!("remove all")]);
}

#[tokio::test]
async fn a_refused_fault_is_reported() {
    let lab = FakeLab { refuse: Some("do.aadsts: the catalogue has no error 1"), ..FakeLab::default() };
    let mut browser = browser(&lab).await;
    let token = browser.get("/faults").await.attributes("form.card input[name=token]", "value").remove(0);
    let fields =
        [("token", token.as_str()), ("do", "add"), ("place", "idp"), ("effect", "aadsts"), ("aadsts", "1")];
    assert_eq!(
        browser.post(&format!("/console/{TENANT}/faults"), &fields).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(browser.get("/faults").await.texts(".toast"), ["Do.aadsts: the catalogue has no error 1."]);
}
