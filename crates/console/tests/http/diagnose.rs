//! The page that explains an error from the real product.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use http::header::CONTENT_DISPOSITION;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, NASTY, TENANT};

async fn diagnose(State(lab): State<FakeLab>, Json(asked): Json<Value>) -> Response {
    lab.requests.lock().expect("not poisoned").push(asked.clone());
    if asked["text"].as_str().is_some_and(|text| text.len() > 100) {
        let error = json!({"error": {"code": "BadRequest", "message": "'text' is too long."}});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    Json(json!({
        "cause": "revoked", "title": "This token was revoked", "happened": "It was revoked on 9 April.", "state": "revoked",
        "rule": "column confidential client", "read": [["Code", "AADSTS50173"], ["Service", NASTY]],
        "findings": [{"certainty": "certain", "text": "It is older."}, {"certainty": "likely", "text": "Not by the owner."},
            {"certainty": "cannot_tell", "text": "Which of four."}],
        "repair": "The owner signs in.", "avoided_by": ["a managed identity"], "reports": ["R6"], "scenario": "connection-error",
    }))
    .into_response()
}

async fn scenario(Path(name): Path<String>) -> Response {
    match name.as_str() {
        "connection-error" => "scenarios: []\n".into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn browser_of(lab: &FakeLab) -> Browser {
    let routes = Router::new()
        .route("/lab/diagnose", post(diagnose))
        .route("/lab/diagnose/scenarios/{name}", get(scenario));
    Browser::at(&lab.serve_with(routes).await)
}

#[tokio::test]
async fn an_error_is_explained_with_what_is_certain() {
    let lab = FakeLab::default();
    let mut browser = browser_of(&lab).await;
    let page = browser.get("/diagnose").await;
    assert_eq!(
        page.texts("h1"),
        ["Paste an error from the real product: what happened, and what repairs it?"]
    );
    let token = page.attributes("form[action='/diagnose'] input[name=token]", "value").remove(0);
    let fields = [("token", token.as_str()), ("tenant", TENANT), ("client", "public")];
    let answer = browser.post("/diagnose", &[&fields[..], &[("text", NASTY)]].concat()).await;
    assert_eq!(answer.texts("h1"), ["This token was revoked"]);
    assert_eq!(answer.texts(".certain .badge"), ["Certain", "Likely", "Cannot tell"]);
    assert_eq!(answer.texts("dd")[0], "AADSTS50173");
    assert_eq!(answer.texts("textarea"), [NASTY.split_whitespace().collect::<Vec<_>>().join(" ")]);
    assert!(!answer.body.contains(NASTY), "what was pasted is escaped");
    assert_eq!(answer.attributes("option[selected]", "value"), ["public"]);
    assert_eq!(answer.attributes(".verdict a", "href"), ["/diagnose/scenarios/connection-error"]);
    assert_eq!(lab.requests(), [json!({"text": NASTY, "client": "public"})]);

    let long = "x".repeat(101);
    let refused = browser.post("/diagnose", &[&fields[..], &[("text", long.as_str())]].concat()).await;
    assert_eq!(refused.texts("#pasteerr"), ["'text' is too long."]);
    let forged = browser.post("/diagnose", &[("token", "x"), ("tenant", TENANT), ("text", "y")]).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn its_scenario_is_a_file() {
    let mut browser = browser_of(&FakeLab::default()).await;
    let file = browser.get("/diagnose/scenarios/connection-error").await;
    assert_eq!(file.body, "scenarios: []\n");
    assert_eq!(file.headers[CONTENT_DISPOSITION], "attachment; filename=\"connection-error.yaml\"");
    assert_eq!(browser.get("/diagnose/scenarios/..%2Fx").await.status, StatusCode::NOT_FOUND);
}
