//! The directory of the fake lab: two users, one application, one group.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use crate::fake_lab::{FakeLab, NASTY};

pub(crate) const USER: &str = "c0470500-0000-4000-8001-000000000001";
pub(crate) const CLIENT: &str = "c0470500-0000-4000-8002-000000000002";
pub(crate) const GROUP: &str = "c0470500-0000-4000-8005-000000000001";
const API: &str = "c0470500-0000-4000-8002-000000000001";

pub(crate) fn routes() -> Router<FakeLab> {
    let below = |path: &str| format!("/lab/tenants/{{tenant}}/directory/{path}");
    Router::new()
        .route(&below("users"), get(users))
        .route(&below("users/{id}"), get(user_details))
        .route(&below("users/{id}/credentials"), get(credentials))
        .route(&below("groups"), get(async || Json(json!({"groups": [group()], "next": null}))))
        .route(&below("groups/{id}"), get(group_details))
        .route(&below("applications"), get(applications))
        .route(&below("applications/{id}"), get(application_details))
        .route(&below("grants"), get(async || Json(json!({"grants": [grant()], "next": null}))))
        .route(&below("policies"), get(policies))
        .route(&below("keys"), get(keys))
        .route(&below("tenant"), get(tenant))
}

fn nothing() -> Response {
    let problem = json!({"error": {"code": "NotFound", "message": "There is none."}});
    (StatusCode::NOT_FOUND, Json(problem)).into_response()
}

fn user(id: &str, name: &str) -> Value {
    json!({
        "id": id, "upn": "owner@contoso.example", "display_name": name, "directory_roles": [], "enabled": true,
        "created": null, "password_changed": "2026-01-05T09:01:00Z", "must_change_password": false,
        "sessions_valid_from": "2026-01-05T09:01:00Z", "mfa_required": true, "has_authenticator": false,
    })
}

async fn users(Query(query): Query<Vec<(String, String)>>) -> Json<Value> {
    let is = |name: &str, value: &str| query.contains(&(name.to_owned(), value.to_owned()));
    if is("of", "deleted") {
        return Json(json!({"users": [], "next": null}));
    }
    let next = if is("after", USER) { Value::Null } else { json!(USER) };
    Json(json!({"users": [user(USER, NASTY)], "next": next}))
}

async fn user_details(State(lab): State<FakeLab>, Path((_, id)): Path<(String, String)>) -> Response {
    if id != USER {
        return nothing();
    }
    let mut user = user(USER, NASTY);
    if lab.changed {
        user["enabled"] = json!(false);
    }
    let event = json!({"event": "password_changed_by_user", "title": "Password changed by user", "at": "2026-01-05T09:01:00Z"});
    Json(json!({
        "user": user, "passkeys": ["blue key"], "groups": [group()], "has_more_groups": false, "sessions": [], "events": [event],
    }))
    .into_response()
}

async fn credentials() -> Json<Value> {
    let credential = |kind: &str, holder: Value, state: &str| {
        json!({
            "name": "n", "kind": kind, "holder": holder, "client_class": "public", "password_based": true, "column": null,
            "state": state, "obtained": "2026-01-05T08:00:00Z", "since": "2026-01-05T09:01:00Z", "expires": null, "revoked_by": null,
            "survived": [], "code": null, "noticed": null, "would_end_it": [], "explanation": "",
        })
    };
    let application = json!({"kind": "application", "client_id": CLIENT, "name": NASTY});
    Json(json!({"now": "2026-01-05T12:00:00Z", "missing": [], "credentials": [
        credential("refresh_token", application.clone(), "alive"), credential("refresh_token", application, "revoked"),
        credential("session_cookie", json!({"kind": "browser"}), "revoked"),
    ]}))
}

fn group() -> Value {
    json!({"id": GROUP, "display_name": NASTY, "description": null, "created": null})
}

async fn group_details(Path((_, id)): Path<(String, String)>) -> Response {
    if id != GROUP {
        return nothing();
    }
    Json(json!({"group": group(), "members": [user(USER, "Owner")], "next": null})).into_response()
}

fn application(kind: &str) -> Value {
    json!({
        "client_id": CLIENT, "name": NASTY, "object_id": "o", "service_principal_id": "s", "kind": kind, "enabled": true,
        "is_platform": false, "managed_identity": null,
    })
}

async fn applications(State(lab): State<FakeLab>, Query(query): Query<Vec<(String, String)>>) -> Json<Value> {
    lab.journal_reads.lock().expect("not poisoned").push(format!("{query:?}"));
    Json(json!({"applications": [application("confidential")], "next": null}))
}

fn grant() -> Value {
    json!({
        "client_id": CLIENT, "client": NASTY, "resource_id": API, "resource": "Orders API", "user_id": USER,
        "upn": "owner@contoso.example", "scopes": ["Orders.Read"],
    })
}

async fn application_details(Path((_, id)): Path<(String, String)>) -> Response {
    if id != CLIENT {
        return nothing();
    }
    let secret = |name: &str, expires: &str| json!({"key_id": name, "display_name": name, "hint": "abc", "starts": null, "expires": expires});
    let asked = json!({"client_id": API, "name": "Orders API", "scopes": ["Orders.Read", "Orders.Write"], "roles": ["Orders.Read.All"]});
    Json(json!({
        "application": application("confidential"), "redirect_uris": [{"uri": "https://hub.example/redirect", "type": "web"}],
        "logout_url": null, "identifier_uris": [], "scopes": [], "app_roles": [], "permissions": [asked], "preauthorized": [],
        "allow_public_client": false, "require_mfa": false, "assignment_required": false, "continuous_access_evaluation": false,
        "secrets": [secret("old", "2026-01-01T00:00:00Z"), secret("new", "2028-01-01T00:00:00Z")], "certificates": [],
        "federated_credentials": [], "grants": [grant()], "has_more_grants": false,
        "role_assignments": [{"resource_id": API, "resource": "Orders API", "role": "Orders.Read.All", "created": "2026-01-05T08:00:00Z"}],
        "has_more_role_assignments": false,
    }))
    .into_response()
}

async fn policies() -> Json<Value> {
    let policy = json!({
        "displayName": NASTY, "state": "enabled",
        "conditions": {"users": {"includeUsers": ["All"], "excludeUsers": [USER]}, "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        "sessionControls": {"signInFrequency": {"value": 1, "type": "days", "isEnabled": true}},
    });
    Json(
        json!({"require_mfa": false, "policies": [{"id": "p", "created": "2026-01-05T08:00:00Z", "modified": null, "policy": policy}]}),
    )
}

async fn keys() -> Json<Value> {
    let key = |kid: &str, state: &str, since: Value| json!({"kid": kid, "state": state, "since": since});
    Json(json!({"every": "P42D", "next_rotation": "2026-02-16T12:00:00Z", "keys": [
        key("k3", "next", Value::Null), key("k2", "active", json!("2026-01-05T10:00:00Z")), key("k1", "retired", Value::Null),
    ]}))
}

async fn tenant() -> Json<Value> {
    Json(json!({
        "id": crate::fake_lab::TENANT, "domain": "contoso.example", "display_name": "Contoso", "rules": "2025-11",
        "now": "2026-01-05T12:00:00Z", "require_mfa": false, "password_validity_days": 90, "lifetimes": [], "outage_until": null,
    }))
}
