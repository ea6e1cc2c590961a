//! The page of a run: its exchanges as a diagram, as steps, and as files.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::fake_lab::{FLOW, FakeLab, NASTY, TENANT};

/// A lab that knows the steps of `run-12`, and of `long`, which has sixty of them.
async fn served() -> String {
    let routes = Router::new().route("/lab/tenants/{tenant}/runs/{run}/steps", get(steps));
    FakeLab::default().serve_with(routes).await
}

fn step(kind: &str, from: &str, to: &str, label: &str, more: Value) -> Value {
    let mut step = json!({
        "kind": kind, "from": from, "to": to, "at": "2026-01-05T12:00:00Z", "wall": null, "words": format!("{from} to {to}"),
        "detail": "at 2026-01-05T11:00:00Z", "label": label, "carries": null, "credential": null, "status": null, "code": null,
        "is_refused": false, "row": null,
    });
    for (name, value) in more.as_object().expect("members") {
        step[name.as_str()] = value.clone();
    }
    step
}

async fn steps(Path((_, run)): Path<(String, String)>) -> Response {
    let refused =
        json!({"is_refused": true, "status": 400, "code": "AADSTS50173", "wall": "2026-11-27T12:00:00.250Z"});
    let mut steps = vec![
        step("request", "flow", "hub", "GET /orders", json!({"carries": "caller_token"})),
        step("note", "hub", "hub", NASTY, json!({"wall": "2026-11-27T12:00:00.247Z"})),
        step("request", "hub", "idp", "POST …/token", json!({"carries": "refresh_token", "credential": "n"})),
        step("note", "idp", "idp", "revoked", json!({"is_refused": true, "row": "Password changed by user"})),
        step("response", "idp", "hub", "400 invalid_grant", refused),
        step("response", "hub", "flow", "failed to refresh", json!({"is_refused": true, "status": 401})),
    ];
    match run.as_str() {
        "run-12" => {}
        "long" => steps = (0..10).flat_map(|_| steps.clone()).collect(),
        _ => {
            let problem = json!({"error": {"code": "RunNotFound", "message": "no"}});
            return (StatusCode::NOT_FOUND, Json(problem)).into_response();
        }
    }
    let listed = |name: &str, at: &str| json!({"name": name, "started": at, "ended": null, "status": "Failed", "code": null});
    Json(json!({
        "tenant": TENANT, "now": "2026-01-05T12:00:00Z", "run": run, "flow": FLOW, "flow_name": NASTY,
        "next_due": "2026-01-05T13:00:00Z", "status": "Failed", "code": "ActionFailed", "started": "2026-01-05T12:00:00Z",
        "ended": "2026-01-05T12:00:00Z", "previous": listed("run-11", "2026-01-05T11:00:00Z"), "next": null, "is_latest": true, "failures_in_a_row": 3,
        "connection": {"id": "7", "name": "orders", "display_name": NASTY, "is_broken": true, "sign_in": "o_auth"},
        "steps": steps, "has_more": false, "repair": "The owner signs in once more.", "avoided_by": ["a passkey"], "missing": [],
    }))
    .into_response()
}

#[tokio::test]
async fn a_run_is_a_diagram_steps_a_repair_and_a_token() {
    let mut browser = Browser::at(&served().await);
    let page = browser.get("/runs/run-12").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.texts(".nav [aria-current]"), ["Flows"]);
    assert_eq!(
        page.texts("h1"),
        ["This run failed because the identity provider refused the hub new tokens: AADSTS50173"]
    );
    assert!(page.texts(".headline .cluster")[0].contains("third failure in a row"));
    assert_eq!(page.attributes(".headline .cluster a", "href"), [format!("/runs/run-11?tenant={TENANT}")]);
    // Each step has its number in the diagram and in the list.
    assert_eq!(page.texts("svg.sq .q-num"), ["1", "3", "5", "6"]);
    assert_eq!(page.texts("svg.sq .q-head + .d-name.q-off"), ["Orders API"]);
    assert_eq!(page.texts(".steps-list .n"), ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(page.texts(".steps-list strong")[2], "hub to idp");
    assert!(
        page.texts(".steps-list li")[4].ends_with("12:00:00 +3 ms"),
        "{:?}",
        page.texts(".steps-list li")
    );
    assert_eq!(page.attributes(".steps-list a", "href"), [format!("/tokens?tenant={TENANT}&of=n")]);
    // What to do about it.
    assert_eq!(page.texts(".repair .says"), ["The owner signs in once more."]);
    assert_eq!(page.attributes("form[action$='/fix'] input[name=connection]", "value"), ["orders"]);
    assert_eq!(page.attributes(".repair input[name=flow]", "value"), [FLOW]);
    assert_eq!(page.texts(".ways li"), ["if the client had authenticated"]);
    assert!(page.texts(".lineage li")[0].starts_with("The owner signed in."));
    assert!(!page.body.contains("<script>alert"), "what a lab returns is text");
}

#[tokio::test]
async fn many_steps_are_folded_in_the_diagram_and_whole_in_the_list() {
    let mut browser = Browser::at(&served().await);
    let page = browser.get("/runs/long").await;
    assert_eq!(page.texts(".steps-list > li").len(), 60);
    let drawn = page.texts("svg.sq .q-num").len() + page.texts("svg.sq .q-note + text").len();
    assert_eq!(drawn, 40);
    assert!(page.texts("svg.sq text").contains(&"20 more steps, in the list below".to_owned()));
    assert_eq!(page.texts("svg.sq .q-num").last().map(String::as_str), Some("60"), "the end is drawn");
    assert!(page.body.len() < 100_000, "{}", page.body.len());
}

#[tokio::test]
async fn a_run_is_exported_as_svg_mermaid_and_json() {
    let mut browser = Browser::at(&served().await);
    let exports = browser.get("/runs/run-12").await.attributes("p.small.not-print a", "href");
    let svg = browser.get(&format!("/runs/run-12.svg?tenant={TENANT}")).await;
    assert!(exports.contains(&format!("/runs/run-12.svg?tenant={TENANT}")), "{exports:?}");
    assert_eq!(svg.headers[CONTENT_TYPE], "image/svg+xml");
    assert!(svg.headers[CONTENT_SECURITY_POLICY].to_str().expect("text").contains("sandbox"));
    assert!(
        svg.body.starts_with("<svg xmlns=") && svg.body.contains(" width=\"") && svg.body.contains("<style>")
    );
    assert!(!svg.body.contains("<script"));
    let text = browser.get(&format!("/runs/run-12.mmd?tenant={TENANT}")).await.body;
    assert!(text.starts_with("sequenceDiagram\n  participant flow as Flow, "), "{text}");
    for line in [
        "  participant api as Orders API, not called",
        "  flow->>hub: 1 GET /orders with caller token",
        "  Note over idp: 4 Row Password changed by user, revoked",
        "  idp--xhub: 5 400 invalid_grant AADSTS50173",
        "  hub--xflow: 6 401 failed to refresh",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    // A name with a meaning in Mermaid is one line without it.
    assert!(!text.contains("<script>") && text.lines().count() == 11, "{text}");
    let data = browser.get_as("/runs/run-12", "application/json").await;
    assert!(data.body.contains("\"failures_in_a_row\":3"), "{}", data.body);
    for path in ["/runs/nothing.svg", "/runs/nothing.mmd"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
