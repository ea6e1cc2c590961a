//! Stand-ins for the services: each has a lab surface and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router, middleware};
use http::StatusCode;
use outlive_clock::{Instant, Span};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the services require of every call of their lab surface.
pub(crate) const LAB_AUTHORIZATION: &str = "Lab 00112233445566778899aabbccddeeff";

/// What a stand-in received, and what it answers.
#[derive(Default)]
pub(crate) struct FakeState {
    pub(crate) name: &'static str,
    pub(crate) spec: Option<Value>,
    pub(crate) now: String,
    pub(crate) calls: Vec<String>,
    pub(crate) refuses: bool,
    /// Whether events are not answered.
    pub(crate) fails_events: bool,
    /// Whether pages never answer.
    pub(crate) hangs: bool,
    pub(crate) down: bool,
    pub(crate) tenant: Option<String>,
    pub(crate) listed: u32,
    /// Whether its clock cannot be set at present: calls wait.
    pub(crate) holds: bool,
    /// The changes of its clock that it applied, and those for an earlier incarnation.
    pub(crate) applied: u32,
    pub(crate) rejected: u32,
    /// The changes that set the speed of its clock.
    pub(crate) speeds: u32,
    /// Whether creations, and events, wait before they answer.
    pub(crate) holds_creations: bool,
    pub(crate) holds_events: bool,
    /// Whether deletions, and lists that were already read, wait.
    pub(crate) holds_deletions: bool,
    pub(crate) holds_lists: bool,
    /// What it has of the tenant, as copies have it.
    pub(crate) content: String,
    /// The version of its tables.
    pub(crate) version: i64,
    /// Whether it changes whenever it is looked at.
    pub(crate) changes: bool,
    pub(crate) journal: i64,
    /// Whether it does not take copies at present.
    pub(crate) fails_copies: bool,
    /// The next due instant of work that recurs every hour.
    pub(crate) due: Option<Instant>,
}

pub(crate) type Fake = Arc<Mutex<FakeState>>;

/// A service that has a lab surface and nothing else.
pub(crate) async fn fake(name: &'static str) -> (Fake, String) {
    let state = Arc::new(Mutex::new(FakeState { name, ..FakeState::default() }));
    let app = Router::new()
        .route("/_lab/tenants", get(list))
        .route("/_lab/tenants/{t}", put(create).delete(delete))
        .route("/_lab/tenants/{t}/clock", get(clock).put(set_clock))
        .route("/_lab/tenants/{t}/copy", get(copy).put(replace))
        .route("/_lab/tenants/{t}/generation", post(async || Json(json!({"has_own_keys": true}))))
        .route("/_lab/tenants/{t}/copy/state", get(copy_state))
        .route("/_lab/tenants/{t}/due", post(run_due))
        .route("/_lab/tenants/{t}/journal", get(journal))
        .route("/_lab/tenants/{t}/events", post(event))
        .route("/_lab/tenants/{t}/outbox", get(outbox))
        .layer(middleware::from_fn(requires_key))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), unless_down))
        .fallback(page)
        .with_state(Arc::clone(&state));
    (state, serve(app).await)
}

/// Any page of a service.
async fn page(State(state): State<Fake>) -> StatusCode {
    if state.lock().expect("no test panicked").hangs {
        std::future::pending::<()>().await;
    }
    StatusCode::NOT_FOUND
}

async fn requires_key(request: Request, next: Next) -> Response {
    let presented = request.headers().get("authorization");
    if presented.is_none_or(|presented| presented != LAB_AUTHORIZATION) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    next.run(request).await
}

async fn unless_down(State(state): State<Fake>, request: Request, next: Next) -> Response {
    if state.lock().expect("no test panicked").down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}

async fn list(State(fake): State<Fake>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    let tenants: Vec<_> = {
        let mut state = fake.lock().expect("no test panicked");
        state.listed += 1;
        let of_lab = |spec: &&Value| query.get("lab").is_none_or(|lab| spec["lab"] == lab.as_str());
        state.spec.iter().filter(of_lab).filter_map(|_| state.tenant.clone()).collect()
    };
    while_held(&fake, |state| state.holds_lists).await;
    Json(json!({ "tenants": tenants }))
}

/// Waits as long as a test holds these calls.
async fn while_held(fake: &Fake, holds: impl Fn(&FakeState) -> bool) {
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(5));
    while holds(&fake.lock().expect("no test panicked")) {
        looks.tick().await;
    }
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    origin
}

async fn create(
    State(fake): State<Fake>,
    Path(tenant): Path<String>,
    Json(spec): Json<Value>,
) -> (StatusCode, Json<Value>) {
    {
        let mut state = fake.lock().expect("no test panicked");
        state.tenant = Some(tenant);
        state.calls.push("create".to_owned());
    }
    while_held(&fake, |state| state.holds_creations).await;
    let mut state = fake.lock().expect("no test panicked");
    if state.refuses {
        let error = json!({"error": {"code": "BadRequest", "message": "not like this"}});
        return (StatusCode::BAD_REQUEST, Json(error));
    }
    state.now = spec["clock"]["now"].as_str().unwrap_or_default().to_owned();
    state.spec = Some(spec);
    (StatusCode::CREATED, Json(Value::Null))
}

async fn delete(State(fake): State<Fake>, Query(query): Query<HashMap<String, String>>) -> StatusCode {
    fake.lock().expect("no test panicked").calls.push("delete".to_owned());
    while_held(&fake, |state| state.holds_deletions).await;
    let mut state = fake.lock().expect("no test panicked");
    let Some(spec) = &state.spec else { return StatusCode::NOT_FOUND };
    let instant = |text: Option<&str>| text.and_then(|text| text.parse::<Instant>().ok());
    let present = instant(spec["clock"]["incarnation"].as_str());
    if present > instant(query.get("until").map(String::as_str)) {
        state.rejected += 1;
        return StatusCode::PRECONDITION_FAILED;
    }
    state.spec = None;
    StatusCode::NO_CONTENT
}

impl FakeState {
    fn clock(&self) -> Json<Value> {
        Json(json!({"now": self.now, "speed": 0, "next_due": self.due}))
    }

    /// Whether a change is for the present incarnation of the tenant.
    fn set_clock(&mut self, change: &Value) -> bool {
        let present = self.spec.as_ref().map(|spec| &spec["clock"]["incarnation"]);
        if present.is_none_or(|present| *present != change["incarnation"]) {
            self.rejected += 1;
            return false;
        }
        self.applied += 1;
        self.speeds += u32::from(change.get("speed").is_some());
        if let Some(now) = change["now"].as_str() {
            now.clone_into(&mut self.now);
        }
        true
    }
}

impl FakeState {
    fn copy_state(&mut self) -> Value {
        self.journal += i64::from(self.changes);
        let incarnation = self.spec.as_ref().map(|spec| spec["clock"]["incarnation"].clone());
        json!({"versions": [["fake", self.version]], "journal": self.journal, "shows": self.now,
            "wall": "2026-01-05T09:00:00Z", "speed": 0, "incarnation": incarnation})
    }
}

async fn copy_state(State(state): State<Fake>) -> Json<Value> {
    Json(state.lock().expect("no test panicked").copy_state())
}

async fn copy(State(state): State<Fake>) -> Json<Value> {
    let mut state = state.lock().expect("no test panicked");
    state.calls.push("copy".to_owned());
    let now = state.now.clone();
    Json(json!({"copy": {"content": state.content}, "state": state.copy_state(), "now": now}))
}

async fn replace(State(state): State<Fake>, Json(mut replacement): Json<Value>) -> Response {
    let mut state = state.lock().expect("no test panicked");
    state.calls.push("replace".to_owned());
    if state.fails_copies {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    state.content = replacement["copy"]["content"].as_str().expect("a text").to_owned();
    state.now = replacement["clock"]["now"].as_str().expect("an instant").to_owned();
    replacement["copy"].take();
    state.spec = Some(replacement);
    StatusCode::NO_CONTENT.into_response()
}

async fn clock(State(state): State<Fake>) -> Response {
    let state = state.lock().expect("no test panicked");
    if state.spec.is_none() {
        let error = json!({"error": {"code": "TenantNotFound", "message": "there is no such tenant here"}});
        return (StatusCode::NOT_FOUND, Json(error)).into_response();
    }
    state.clock().into_response()
}

fn started_over() -> Response {
    let error = json!({"error": {"code": "TenantStartedOver", "message": "it was started over"}});
    (StatusCode::PRECONDITION_FAILED, Json(error)).into_response()
}

async fn set_clock(State(state): State<Fake>, Json(change): Json<Value>) -> Response {
    while_held(&state, |state| state.holds).await;
    let mut state = state.lock().expect("no test panicked");
    if state.set_clock(&change) { state.clock().into_response() } else { started_over() }
}

async fn run_due(State(state): State<Fake>, Json(change): Json<Value>) -> Response {
    while_held(&state, |state| state.holds).await;
    let mut state = state.lock().expect("no test panicked");
    if !state.set_clock(&change) {
        return started_over();
    }
    state.due = state.due.map(|due| due + Span::from_hours(1));
    Json(json!({"done": 1, "failed": 0, "next_due": state.due})).into_response()
}

async fn journal(State(state): State<Fake>, Path(tenant): Path<String>) -> Json<Value> {
    let name = state.lock().expect("no test panicked").name;
    let line = json!({"seq": 1, "service": name, "tenant": tenant, "at": "2026-01-05T09:00:00Z", "wall": "2026-01-05T09:00:00Z"});
    Json(json!({"lines": [line], "next": 1}))
}

async fn outbox(State(state): State<Fake>) -> Json<Value> {
    let from = state.lock().expect("no test panicked").name;
    let at = if from == "flow" { "2026-01-05T11:00:00Z" } else { "2026-01-05T10:00:00Z" };
    Json(json!({"messages": [{"from": from, "at": at, "code": "12345678"}]}))
}

async fn event(State(fake): State<Fake>, Json(event): Json<Value>) -> Response {
    {
        let mut state = fake.lock().expect("no test panicked");
        if state.fails_events {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        state.calls.push(event.to_string());
    }
    while_held(&fake, |state| state.holds_events).await;
    let state = fake.lock().expect("no test panicked");
    Json(json!({"at": state.now, "event": "password_changed_by_user"})).into_response()
}
