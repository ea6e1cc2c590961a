//! A fake lab that records the requests of forms.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use outlive_wire::events::{ConnectionBroken, RunFinished, SessionRefused};
use outlive_wire::{EventPayload, JournalEvent};
use serde_json::{Value, json};

pub(crate) const TENANT: &str = "c0470500-0000-4000-8000-000000000001";
pub(crate) const FLOW: &str = "c0470500-0000-4000-8006-000000000001";
pub(crate) const NASTY: &str = "<script>alert('x')</script>\"&";

#[derive(Clone, Default)]
pub(crate) struct FakeLab {
    pub(crate) requests: Arc<Mutex<Vec<Value>>>,
    pub(crate) journal_reads: Arc<Mutex<Vec<String>>>,
    pub(crate) refuse: Option<&'static str>,
    pub(crate) two_tenants: bool,
    pub(crate) without_hub: bool,
    /// Whether the password was changed, and three hours have passed.
    pub(crate) changed: bool,
    /// Whether the lab does not know the owner's password.
    pub(crate) password_unknown: bool,
}

impl FakeLab {
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().expect("not poisoned").clone()
    }

    pub(crate) async fn serve(&self) -> String {
        self.serve_with(Router::new()).await
    }

    /// Serves these routes as well.
    pub(crate) async fn serve_with(&self, more: Router<Self>) -> String {
        let app = more
            .route("/lab/tenants", get(tenants).post(create))
            .route("/lab/tenants/{tenant}", get(tenant))
            .route("/lab/tenants/{tenant}/clock", get(clock).post(act))
            .route("/lab/tenants/{tenant}/events", post(act))
            .route("/lab/tenants/{tenant}/journal", get(journal))
            .route("/lab/tenants/{tenant}/story", get(story))
            .route("/lab/tenants/{tenant}/timeline", get(crate::timeline_data::timeline))
            .route("/lab/tenants/{tenant}/why", post(why))
            .route("/lab/matrix/credentials", post(matrix))
            .route("/lab/matrix/connections", post(connection_matrix))
            .route("/lab/tenants/{tenant}/connections", get(connections))
            .route("/lab/tenants/{tenant}/phone/{user}", get(phone))
            .route("/lab/tenants/{tenant}/phone/{user}/passkeys", axum::routing::delete(lose_passkeys))
            .route(
                "/lab/tenants/{tenant}/phone/{user}/passkeys/{passkey}",
                axum::routing::delete(forget_passkey),
            )
            .route("/lab/tenants/{tenant}/phone/{user}/passkey-requests/{request}", post(answer_passkey))
            .route("/lab/tenants/{tenant}/phone/{user}/authenticator", put(add_app).delete(remove_app))
            .route("/lab/tenants/{tenant}/redeem", post(redeem))
            .route("/lab/tenants/{tenant}/reset", post(act))
            .route("/lab/tenants/{tenant}/connections/{name}/fix", post(fix))
            .route("/lab/tenants/{tenant}/connections/{name}/confirm", post(confirm))
            .route("/lab/tenants/{tenant}/connections/{name}/share", post(share))
            .merge(crate::fake_directory::routes())
            .merge(crate::fake_flow::routes())
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }
}

async fn tenants(State(lab): State<FakeLab>) -> Json<Value> {
    let mut tenants = vec![json!({"tenant_id": TENANT, "domain": "contoso.example"})];
    if lab.two_tenants {
        let id = "c0470500-0000-4000-8000-000000000002";
        tenants.push(json!({"tenant_id": id, "domain": id}));
    }
    Json(json!({ "tenants": tenants }))
}

async fn tenant(Path(tenant): Path<String>) -> Response {
    if tenant != TENANT {
        return (StatusCode::NOT_FOUND, Json(json!({"error": {"code": "TenantNotFound", "message": "no"}})))
            .into_response();
    }
    Json(json!({
        "tenant_id": TENANT, "domain": "contoso.example", "name": "Contoso", "rules": "2025-11",
        "users": [
            {"role": "colleague", "upn": "colleague@contoso.example", "id": "2", "password": "Colleague-1"},
            {"role": "owner", "upn": "owner@contoso.example", "id": "1", "password": NASTY},
        ],
        "applications": [{"name": "Orders Desktop", "client_id": "c0470500-0000-4000-8002-000000000004", "kind": "public", "redirect_uris": ["http://localhost"]}],
        "maker_portal": "c0470500-0000-4000-8002-000000000007",
        "connectors": [{"name": NASTY}],
        "connections": [{"name": NASTY, "connector": "shared_contoso-orders", "owner": "owner"}],
        "flows": [{"id": FLOW, "name": NASTY, "owner": "owner", "connection": NASTY}],
        "urls": {
            "idp": "http://127.0.0.1:8701", "graph": "http://127.0.0.1:8701/v1.0", "hub": "http://127.0.0.1:8702",
            "resource": "http://127.0.0.1:8703", "flow": "http://127.0.0.1:8704",
        },
    }))
    .into_response()
}

async fn create(State(lab): State<FakeLab>, Json(what): Json<Value>) -> Response {
    lab.requests.lock().expect("not poisoned").push(json!({ "create": what }));
    tenant(Path(TENANT.to_owned())).await
}

async fn clock(State(lab): State<FakeLab>) -> Json<Value> {
    let mut clock = json!({"now": "2026-01-05T12:00:00Z", "speed": 1440, "next_due": "2026-01-05T13:00:00Z"});
    if lab.without_hub {
        clock["missing"] = json!(["hub"]);
        clock["operation"] = json!({"kind": "advance", "started": "2026-11-23T12:00:00Z", "from": "2026-01-05T08:00:00Z", "target": "2026-04-04T08:00:00Z", "reached": "2026-02-24T12:00:00Z", "done": 1210, "failed": 0, "runs": 1204, "expected": {"runs": 2136, "is_exact": true}});
    }
    Json(clock)
}

async fn act(State(lab): State<FakeLab>, Json(what): Json<Value>) -> Response {
    if let Some(message) = lab.refuse {
        return (StatusCode::CONFLICT, Json(json!({"error": {"code": "Conflict", "message": message}})))
            .into_response();
    }
    if what["type"] == "rotate_secret" {
        lab.requests.lock().expect("not poisoned").push(what);
        return Json(json!({"event": "secret_rotated", "new_secret": "drawn-secret"})).into_response();
    }
    lab.requests.lock().expect("not poisoned").push(what);
    let moved = json!({
        "now": "2026-01-06T12:00:00Z", "speed": 0, "next_due": null,
        "from": "2026-01-05T12:00:00Z", "steps": 24, "done": 24, "failed": 1,
    });
    Json(moved).into_response()
}

/// The story of an owner with a confidential connection and one that stores a password.
async fn story(State(lab): State<FakeLab>) -> Json<Value> {
    let event = json!({"event": "password_changed_by_user", "title": "Password changed by user", "at": "2026-01-05T09:01:00Z"});
    let event = if lab.changed { event } else { Value::Null };
    let survived = if lab.changed { json!([event]) } else { json!([]) };
    let connection = |name: &str, shown: &str| json!({"kind": "connection", "id": format!("id-of-{name}"), "name": name, "display_name": shown});
    let run = |hour: u32, failed: bool| {
        let (status, code) =
            if failed { ("Failed", json!("ActionFailed")) } else { ("Succeeded", Value::Null) };
        json!({"name": format!("run-{hour}"), "started": format!("2026-01-05T{hour}:00:00Z"), "status": status, "code": code})
    };
    let flow = |id: &str, name: &str, connection: &str, fails: bool| {
        json!({
            "id": id, "display_name": name, "owner": "1", "state": "Started", "next_due": "2026-01-05T13:00:00Z",
            "created": "2026-01-05T08:00:00Z", "connection": format!("id-of-{connection}"), "runs": [run(12, fails), run(11, fails), run(10, fails)],
        })
    };
    let credential = |kind: &str, holder: Value, more: Value| {
        let mut credential = json!({
            "name": "n", "kind": kind, "holder": holder, "client_class": null, "password_based": true, "column": null,
            "state": "alive", "obtained": "2026-01-05T08:00:00Z", "since": "2026-01-05T12:00:00Z", "expires": "2026-04-05T12:00:00Z", "revoked_by": null,
            "survived": [], "code": null, "noticed": null, "would_end_it": [], "explanation": "Accepted: x.",
        });
        for (name, value) in more.as_object().expect("members") {
            credential[name.as_str()] = value.clone();
        }
        credential
    };
    let wrong = json!({"state": "revoked", "since": "2026-01-05T09:01:00Z", "revoked_by": event, "code": "401", "noticed": "2026-01-05T10:00:00Z"});
    let password = if lab.changed { wrong } else { json!({}) };
    Json(json!({
        "tenant": TENANT, "now": "2026-01-05T12:00:00Z", "rules": "2025-11", "upn": "owner@contoso.example", "latest": event,
        "credentials": [
            credential("refresh_token", connection("orders", NASTY), json!({"client_class": "confidential", "column": "confidential_token", "survived": survived})),
            credential("access_token", connection("orders", NASTY), json!({"expires": "2026-01-05T13:05:00Z"})),
            credential("password", connection("basic", "Orders, basic"), password),
            credential("session_cookie", json!({"kind": "browser"}), json!({"expires": "2026-01-06T12:00:00Z"})),
        ],
        "flows": [flow(FLOW, NASTY, "orders", false), flow("f2", "Hourly, basic", "basic", lab.changed)],
        "missing": if lab.without_hub { json!(["hub"]) } else { json!([]) },
    }))
}

/// Knows one token, by its name and its value.
async fn why(State(lab): State<FakeLab>, Json(what): Json<Value>) -> Response {
    let of = what["of"].as_str().expect("text").trim_start_matches("run:").to_owned();
    lab.requests.lock().expect("not poisoned").push(json!({ "why": of }));
    if of != "n" && !of.starts_with("eyJ") && of != "run-12" {
        return (
            StatusCode::NOT_FOUND,
            Json(json!({"error": {"code": "NothingOfThatName", "message": "no"}})),
        )
            .into_response();
    }
    let moment = |words: &str| json!({"at": "2026-01-05T09:00:00Z", "service": "idp", "kind": "k", "words": words, "trace": "7f"});
    let outcome = if what["after"] == "admin_revokes" { "refused" } else { "accepted" };
    let after = what["after"].as_str().map(|event| json!({
        "event": event, "words": "an administrator did it", "verdict": {"outcome": outcome, "explanation": format!("Because {NASTY}.")},
    }));
    Json(json!({
        "after": after,
        "kind": if of == "run-12" { "run" } else { "refresh_token" }, "name": "n", "what": format!("A refresh token of {NASTY}."),
        "lineage": [moment("The owner signed in.")], "decisions": [moment("It was refused.")],
        "verdict": {"outcome": "refused", "title": "An event revoked it", "explanation": "Refused: the password was changed."},
        "ends_by_itself": null, "would_end_it": [], "would_not_end_it": [], "what_if": [{"words": "if the client had authenticated"}],
    }))
    .into_response()
}

async fn redeem(State(lab): State<FakeLab>, Json(what): Json<Value>) -> Json<Value> {
    lab.requests.lock().expect("not poisoned").push(json!({ "redeem": what }));
    if what["code"] == "wrong" {
        let error = json!({"error": "invalid_grant", "error_description": "AADSTS70008: The code has expired.\r\nTrace"});
        return Json(json!({"status": 400, "body": error}));
    }
    // {"alg":"RS256","kid":"n2"}.{"azpacr":"0"}
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im4yIn0.eyJhenBhY3IiOiIwIn0.c2ln";
    let tokens = json!({"access_token": token, "refresh_token": "secret-refresh", "expires_in": 3960, "scope": "Orders.Read"});
    Json(json!({"status": 200, "body": tokens}))
}

/// A table in which one cell differs from the published one.
async fn matrix(State(lab): State<FakeLab>, Json(what): Json<Value>) -> Json<Value> {
    lab.requests.lock().expect("not poisoned").push(json!({ "matrix": what }));
    let cell = |credential: &str, observed: &str, code: Value| {
        let expected = if credential == "confidential_token" { "alive" } else { "revoked" };
        json!({
            "credential": credential, "expected": expected, "observed": observed, "agrees": expected == observed, "code": code,
            "why": format!("Because of {NASTY}."),
        })
    };
    let cells = [
        cell("password_token", "revoked", json!("AADSTS50173")),
        cell("confidential_token", "revoked", json!("AADSTS50173")),
    ];
    let row = json!({
        "event": "password_changed_by_user", "title": "Password changed by user", "way": "on the change page", "cells": cells,
    });
    Json(json!({"edition": "2025-11", "rules": what["rules"], "rows": [row]}))
}

/// Two events and two kinds of connections.
async fn connection_matrix(State(lab): State<FakeLab>, Json(what): Json<Value>) -> Json<Value> {
    lab.requests.lock().expect("not poisoned").push(json!({ "connections": what }));
    let repair = json!({"steps": [format!("Sign in again {NASTY}.")], "executed": true, "works": true});
    let cell = |connection: &str, observed: &str, code: Value| {
        json!({
            "connection": connection, "expected": observed, "expected_code": code, "observed": observed, "code": code, "agrees": true,
            "text": code, "noticed": null, "repair": if code.is_null() { Value::Null } else { repair.clone() },
            "source": "a document", "own_choice": connection == "basic", "story": ["The run failed."],
        })
    };
    let row = |event: &str, cells: [Value; 2]| json!({"event": event, "title": format!("Title of {event}"), "band": "Password", "way": "on a page", "cells": cells});
    let column = |name: &str, group: &str| json!({"connection": name, "title": format!("Kind {name}"), "short": name, "label": name, "group": group});
    let rows = [
        row(
            "changed",
            [cell("entra", "keeps_working", Value::Null), cell("basic", "breaks_at_once", json!("401"))],
        ),
        row(
            "revoked",
            [
                cell("entra", "breaks_at_next_refresh", json!("AADSTS50173")),
                cell("basic", "keeps_working", Value::Null),
            ],
        ),
    ];
    let columns = [column("entra", "Delegated"), column("basic", "Stored")];
    Json(json!({"edition": "2025-11", "rules": "2025-11", "seconds": 9, "columns": columns, "rows": rows}))
}

async fn connections() -> Json<Value> {
    let connection = |name: &str, sign_in: &str, message: Value| {
        json!({
            "id": format!("id-of-{name}"), "name": name, "group": "lab", "display_name": NASTY, "connector": "shared_x", "owner": "1",
            "shared_with": if name == "public" { json!(["2"]) } else { json!([]) }, "account": null, "enabled": true, "status": if message.is_null() { "Connected" } else { "Error" }, "message": message,
            "sign_in": sign_in, "secret_parameter": null, "refresh_token": (sign_in == "o_auth").then_some("f1"), "access_token": null,
            "access_token_expires": null, "created": "2026-01-05T08:00:00Z", "changed": "2026-01-05T08:00:00Z",
        })
    };
    let refused = json!("Failed to refresh. More: AADSTS50173: revoked on 2026-01-05T09:01:00Z.");
    let mut foreign = connection("foreign", "o_auth", refused.clone());
    foreign["group"] = json!("other");
    let connections = [
        connection("orders", "o_auth", Value::Null),
        connection("public", "o_auth", refused),
        connection("basic", "password", Value::Null),
        foreign,
    ];
    Json(json!({"connections": connections, "has_more": false}))
}

async fn share(
    State(lab): State<FakeLab>,
    Path((_, name)): Path<(String, String)>,
    Json(what): Json<Value>,
) -> Response {
    if lab.password_unknown && what.get("password").is_none() {
        let problem = json!({"error": {"code": "OwnerCannotSignIn", "message": "no"}});
        return (StatusCode::CONFLICT, Json(problem)).into_response();
    }
    lab.requests.lock().expect("not poisoned").push(json!({ "share": name, "with": what }));
    StatusCode::NO_CONTENT.into_response()
}

async fn fix(
    State(lab): State<FakeLab>,
    Path((_, name)): Path<(String, String)>,
    Json(what): Json<Value>,
) -> Response {
    if let Some(message) = lab.refuse {
        let problem = json!({"error": {"code": "OperationInProgress", "message": message}});
        return (StatusCode::CONFLICT, Json(problem)).into_response();
    }
    if lab.password_unknown && what.get("password").is_none() {
        let problem = json!({"error": {"code": "OwnerCannotSignIn", "message": "no"}});
        return (StatusCode::CONFLICT, Json(problem)).into_response();
    }
    let link = what.get("secret").is_none().then_some("http://127.0.0.1:8702/sign-in?a=1&b=2");
    lab.requests.lock().expect("not poisoned").push(json!({"fix": name, "with": what}));
    Json(json!({ "link": link })).into_response()
}

async fn confirm(
    State(lab): State<FakeLab>,
    Path((_, name)): Path<(String, String)>,
    Json(what): Json<Value>,
) -> StatusCode {
    lab.requests.lock().expect("not poisoned").push(json!({"confirm": name, "with": what}));
    StatusCode::NO_CONTENT
}

/// The phone of a user to whom a code was sent; a later code replaced an earlier one.
async fn phone(Path((_, user)): Path<(String, String)>) -> Json<Value> {
    let mail = |code: &str, usable: bool| {
        json!({
            "at": "2026-01-05T11:55:12Z", "to": user, "subject": "Your password reset code", "text": format!("Use the code {NASTY}."),
            "code": code, "expires": "2026-01-05T12:10:12Z", "is_usable": usable,
        })
    };
    let mut flow = mail("", false);
    for name in ["code", "expires", "is_usable"] {
        flow.as_object_mut().expect("an object").remove(name);
    }
    let owner = user.starts_with("owner");
    let codes = json!({"code": "731046", "next": "209553", "until": "2026-01-05T12:00:30Z", "added": "2026-01-05T11:00:00Z"});
    Json(json!({
        "upn": user, "user": "1", "now": "2026-01-05T12:00:12Z", "is_registered": owner,
        "messages": if owner { json!([mail("48291773", true), mail("11112222", false), flow]) } else { json!([]) },
        "authenticator": if owner { codes } else { Value::Null },
        "passkeys": if owner { passkeys() } else { json!([]) },
        "requests": if owner { json!([
            {"id": "get-1", "purpose": "Sign in", "is_registration": false, "can_respond": true, "asked": "2026-01-05T11:59:00Z"},
            {"id": "get-2", "purpose": "Sign in", "is_registration": false, "can_respond": false, "asked": "2026-01-05T11:58:00Z"},
            {"id": "make", "purpose": "Add", "is_registration": true, "can_respond": true, "asked": "2026-01-05T11:57:00Z"},
        ]) } else { json!([]) },
    }))
}

async fn add_app(
    State(lab): State<FakeLab>,
    Path((_, user)): Path<(String, String)>,
    Json(what): Json<Value>,
) -> Response {
    if let Some(message) = lab.refuse {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": {"code": "BadRequest", "message": message}})))
            .into_response();
    }
    lab.requests.lock().expect("not poisoned").push(json!({"add": user, "with": what}));
    StatusCode::NO_CONTENT.into_response()
}

async fn answer_passkey(
    State(lab): State<FakeLab>,
    Path((_, user, request)): Path<(String, String, String)>,
    Json(what): Json<Value>,
) -> Response {
    if let Some(message) = lab.refuse {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": {"code": "BadRequest", "message": message}})))
            .into_response();
    }
    lab.requests.lock().expect("not poisoned").push(json!({"passkey": request, "of": user, "with": what}));
    StatusCode::NO_CONTENT.into_response()
}

fn passkeys() -> Value {
    json!([
        {"id": "key-1", "rp_id": "localhost", "created": "2026-01-05T09:12:00Z", "uses": 3},
        {"id": "key-2", "rp_id": "login.example", "created": "2026-01-05T09:13:00Z", "uses": 0},
    ])
}

async fn forget_passkey(
    State(lab): State<FakeLab>,
    Path((_, user, passkey)): Path<(String, String, String)>,
) -> StatusCode {
    lab.requests.lock().expect("not poisoned").push(json!({"forget": passkey, "of": user}));
    StatusCode::NO_CONTENT
}

async fn lose_passkeys(State(lab): State<FakeLab>, Path((_, user)): Path<(String, String)>) -> StatusCode {
    lab.requests.lock().expect("not poisoned").push(json!({ "lose": user }));
    StatusCode::NO_CONTENT
}

async fn remove_app(State(lab): State<FakeLab>, Path((_, user)): Path<(String, String)>) -> StatusCode {
    lab.requests.lock().expect("not poisoned").push(json!({ "remove": user }));
    StatusCode::NO_CONTENT
}

/// The payload of the example of an event.
fn payload<E: EventPayload>() -> Value {
    serde_json::to_value(E::example()).expect("JSON")
}

/// The newest lines of a journal that has a hundred thousand, as the lab selects them.
async fn journal(
    State(lab): State<FakeLab>,
    Query(query): Query<std::collections::HashMap<String, String>>,
) -> Json<Value> {
    let mut read: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    read.sort_unstable();
    lab.journal_reads.lock().expect("not poisoned").push(read.join("&"));
    let line = |seq: u32, service: &str, kind: &str, subject: String, data: Value| {
        json!({"seq": seq, "service": service, "tenant": TENANT, "at": "2026-01-05T11:00:00Z", "wall": "2026-01-05T11:00:00Z",
               "kind": kind, "subject": subject, "trace": "0", "data": data})
    };
    let mut failed = payload::<RunFinished>();
    failed["flow"] = json!(FLOW);
    failed["status"] = json!("Failed");
    failed["code"] = json!(format!("Failed to refresh {NASTY}"));
    let mut succeeded = payload::<RunFinished>();
    succeeded["flow"] = json!(FLOW);
    let mut lines = vec![
        line(5, "hub", ConnectionBroken::KIND, "connection:7".to_owned(), payload::<ConnectionBroken>()),
        line(4, "idp", SessionRefused::KIND, format!("user:{NASTY}"), payload::<SessionRefused>()),
        line(3, "flow", RunFinished::KIND, "run:two".to_owned(), failed),
        line(2, "resource", "order.read", format!("user:{NASTY}"), json!({"note": "routine"})),
        line(1, "flow", RunFinished::KIND, "run:one".to_owned(), succeeded),
    ];
    let is_newest = query.get("newest").map(String::as_str) == Some("true");
    if !is_newest {
        assert_eq!(query.get("kind").map(String::as_str), Some("tenant.created"), "{query:?}");
        let mut created = line(1, "idp", "tenant.created", "tenant:1".to_owned(), json!({}));
        created["trace"] = json!("5e");
        return Json(json!({"lines": [created], "next": "1-0-0-0"}));
    }
    if let Some(before) = query.get("before").filter(|before| *before != "9-9-9-9") {
        assert_eq!(before, "1-1-1-1");
        lines.truncate(1);
    }
    // Hours of runs since the set-up of the tenant.
    if query.get("kind").map(String::as_str) == Some("run.") {
        lines.retain(|line| line["kind"] == "run.finished");
        lines.truncate(1);
        lines = (0..9)
            .map(|number| {
                let mut line = lines[0].clone();
                line["seq"] = json!(30 - number);
                line["at"] = json!(format!("2026-01-05T{:02}:00:00Z", 11 - number));
                line["trace"] = json!(format!("a{number}"));
                if number >= 7 {
                    line["trace"] = json!("5e");
                    line["kind"] = json!("flow.created");
                }
                line
            })
            .collect();
    }
    if query.contains_key("notable") {
        let kind = |line: &Value| line["kind"].as_str().unwrap_or_default().to_owned();
        lines.retain(|line| {
            JournalEvent::read(&kind(line), &line["data"]).is_ok_and(|event| event.is_notable())
        });
    }
    if let Some(service) = query.get("service") {
        lines.retain(|line| line["service"] == **service);
    }
    let older = match query.get("before").map(String::as_str) {
        None if query.contains_key("notable") => json!("9-9-9-9"),
        Some("9-9-9-9") => json!("1-1-1-1"),
        _ => Value::Null,
    };
    if lab.without_hub {
        lines.retain(|line| line["service"] != "hub");
    }
    let missing = if lab.without_hub { json!(["hub"]) } else { json!([]) };
    Json(json!({"lines": lines, "next": "100000-1-1-1", "older": older, "missing": missing}))
}
