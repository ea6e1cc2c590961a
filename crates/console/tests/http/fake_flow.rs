//! The calls of the fake lab about one flow.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use crate::fake_lab::{FLOW, FakeLab, NASTY};

pub(crate) fn routes() -> Router<FakeLab> {
    Router::new()
        .route("/lab/tenants/{tenant}/flows/{flow}", get(flow))
        .route("/lab/tenants/{tenant}/flows/{flow}/runs/{run}", get(run))
        .route("/lab/tenants/{tenant}/flows/{flow}/{what}", post(act))
}

fn nothing() -> Response {
    let problem = json!({"error": {"code": "NotFound", "message": "no"}});
    (StatusCode::NOT_FOUND, Json(problem)).into_response()
}

/// A flow that is on; its history has two pages.
async fn flow(
    Path((_, flow)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if flow != FLOW {
        return nothing();
    }
    let run = |hour: u32, status: &str, code: Value| json!({"name": format!("run-{hour}"), "started": format!("2026-01-05T{hour}:00:00Z"), "ended": format!("2026-01-05T{hour}:00:01Z"), "status": status, "code": code});
    let older = if query.contains_key("before") { Value::Null } else { json!("7") };
    Json(json!({
        "id": FLOW, "display_name": NASTY, "owner": "1", "state": "Started", "trigger": "Hourly", "next_due": "2026-01-05T13:00:00Z",
        "users": [{"user": "1", "role": "Owner"}], "older": older,
        "runs": [run(12, "Failed", json!("ActionFailed")), run(11, "Succeeded", Value::Null)],
    }))
    .into_response()
}

async fn run(Path((_, _, run)): Path<(String, String, String)>) -> Response {
    if run != "run-12" {
        return nothing();
    }
    let properties = json!({
        "status": "Failed", "startTime": "2026-01-05T11:00:00Z", "error": {"message": "An action failed."},
        "trigger": {"name": "Hourly", "status": "Succeeded"},
    });
    let get = json!({"name": "Get", "properties": {
        "status": "Failed", "code": "Unauthorized", "retryCount": 2,
        "inputs": {"path": "/orders"}, "outputs": {"statusCode": 401, "body": NASTY},
    }});
    let secret = json!({"name": "Secret", "properties": {"status": "Succeeded", "secureData": {"properties": ["inputs"]}}});
    Json(json!({"run": {"name": run, "properties": properties}, "actions": [get, secret]})).into_response()
}

async fn act(
    State(lab): State<FakeLab>,
    Path((_, _, what)): Path<(String, String, String)>,
    Json(with): Json<Value>,
) -> Response {
    if let Some(message) = lab.refuse {
        let problem = json!({"error": {"code": "OperationInProgress", "message": message}});
        return (StatusCode::CONFLICT, Json(problem)).into_response();
    }
    if lab.password_unknown && with.get("password").is_none() {
        let problem = json!({"error": {"code": "OwnerCannotSignIn", "message": "no"}});
        return (StatusCode::CONFLICT, Json(problem)).into_response();
    }
    lab.requests.lock().expect("not poisoned").push(json!({"flow": what, "with": with}));
    StatusCode::NO_CONTENT.into_response()
}
