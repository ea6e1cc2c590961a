//! A fake hub with one connector and one connection, whose runtime responds as a test requires.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::fake_issuer::APP_TOKEN;

pub(crate) const KEY: &str = "connection-key-jwt-";
pub(crate) const CONNECTION: &str = "orders-of-owner";

/// A call that reached the runtime.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) line: String,
    pub(crate) authorization: String,
    /// The token for the data source that the flow gives.
    pub(crate) source_authorization: String,
    pub(crate) traceparent: String,
    pub(crate) body: String,
}

#[derive(Clone)]
pub(crate) enum Reply {
    Respond(u16, Value),
    /// Responds with these headers.
    With(u16, Vec<(&'static str, String)>, Value),
    /// Responds with 200 when the test says so, after it notified the test of the call.
    Hold(mpsc::Sender<()>, Arc<tokio::sync::Notify>),
    /// Never responds, and notifies the test of the call.
    Hang(mpsc::Sender<()>),
}

#[derive(Clone)]
pub(crate) struct FakeHub {
    /// The calls that reached the runtime.
    pub(crate) calls: Arc<Mutex<Vec<Call>>>,
    /// The next responses of the runtime; after them, 200 with orders.
    pub(crate) replies: Arc<Mutex<VecDeque<Reply>>>,
    /// The bodies of the requests for keys.
    pub(crate) key_requests: Arc<Mutex<Vec<Value>>>,
    /// The error response to a request for a key.
    pub(crate) key_refusal: Arc<Mutex<Option<(u16, Value)>>>,
    /// The number of reads of the swagger.
    pub(crate) swaggers: Arc<Mutex<u32>>,
    /// The connection that [`CONNECTION`] names, if any.
    pub(crate) connection: Arc<Mutex<Option<FakeConnection>>>,
    /// The connector of that connection.
    pub(crate) connector: Arc<Mutex<String>>,
    /// The flows whose access was granted, with the body of the request.
    pub(crate) granted: Arc<Mutex<Vec<(String, Value)>>>,
    /// The flows whose access was withdrawn.
    pub(crate) withdrawn: Arc<Mutex<Vec<String>>>,
    /// Whether the control plane fails.
    pub(crate) is_down: Arc<AtomicBool>,
}

/// A connection, as flows see it.
#[derive(Clone)]
pub(crate) struct FakeConnection {
    pub(crate) id: &'static str,
    pub(crate) creator: &'static str,
    pub(crate) shared_with: Option<&'static str>,
    /// The resource for which it uses the flow's managed identity, if it does; it may be unknown.
    pub(crate) identity: Option<Option<&'static str>>,
}

impl Default for FakeHub {
    fn default() -> Self {
        let connection = FakeConnection {
            id: "00112233445566778899aabbccddeeff",
            creator: crate::lab::OWNER,
            shared_with: None,
            identity: None,
        };
        Self {
            calls: Arc::default(),
            replies: Arc::default(),
            key_requests: Arc::default(),
            key_refusal: Arc::default(),
            swaggers: Arc::default(),
            connection: Arc::new(Mutex::new(Some(connection))),
            connector: Arc::new(Mutex::new("shared_contoso-orders".to_owned())),
            granted: Arc::default(),
            withdrawn: Arc::default(),
            is_down: Arc::default(),
        }
    }
}

impl FakeHub {
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/subscriptions/{t}/providers/Microsoft.Web/locations/unitedstates/managedApis/{api}", get(managed_api))
            .route("/subscriptions/{t}/providers/Microsoft.Web/customApis/{api}", get(custom_api))
            .route(
                "/subscriptions/{t}/resourceGroups/lab/providers/Microsoft.Web/connections/{name}/listConnectionKeys",
                post(list_keys),
            )
            .route("/subscriptions/{t}/resourceGroups/lab/providers/Microsoft.Web/connections/{name}", get(show))
            .route(
                "/subscriptions/{t}/resourceGroups/lab/providers/Microsoft.Web/connections/{name}/accessPolicies",
                get(policies),
            )
            .route(
                "/subscriptions/{t}/providers/Microsoft.Web/locations/unitedstates/logicflows/{flow}",
                put(grant).delete(withdraw),
            )
            .route("/apim/{api}/{connection}/{*path}", any(runtime))
            .with_state(self.clone())
    }

    pub(crate) fn replies(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().expect("lock").extend(replies);
    }

    /// Returns the reports of connections since the last call.
    pub(crate) fn take_granted(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.granted.lock().expect("lock"))
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("lock").clone()
    }
}

fn is_flow_service(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == &format!("Bearer {APP_TOKEN}"))
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"error": {"code": "Unauthorized", "message": message}}))).into_response()
}

async fn managed_api(
    State(hub): State<FakeHub>,
    Path((_, api)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let has = |name: &str, value: &str| query.iter().any(|(n, v)| n == name && v == value);
    if hub.is_down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !is_flow_service(&headers) || !has("export", "true") || !has("api-version", "2016-06-01") {
        return refused(StatusCode::UNAUTHORIZED, "not you, not so");
    }
    if api != "shared_contoso-orders" {
        return (
            StatusCode::NOT_FOUND,
            Json(json!({"error": {"code": "ApiNotFound", "message": "no such connector"}})),
        )
            .into_response();
    }
    *hub.swaggers.lock().expect("lock") += 1;
    let swagger = json!({"swagger": "2.0", "host": "orders.contoso.example", "paths": {
        "/orders": {
            "get": {"operationId": "ListOrders", "parameters": [{"name": "$top", "in": "query", "type": "integer"}]},
            "post": {"operationId": "CreateOrder", "parameters": [{"name": "order", "in": "body", "required": true, "schema": {}}]}
        },
        "/hooks": {"post": {"operationId": "Subscribe", "parameters": [{"name": "hook", "in": "body", "schema": {
            "type": "object", "properties": {"kind": {"type": "string"}, "target": {"$ref": "#/definitions/Target"}},
        }}]}},
        "/orders/{id}": {"get": {"operationId": "GetOrder", "parameters": [{"name": "id", "in": "path", "required": true}]}}
    }, "definitions": {"Target": {"properties": {"url": {"type": "string", "x-ms-notification-url": true}}}}});
    Json(json!({"name": api, "properties": {"name": api, "swagger": swagger}})).into_response()
}

/// The custom API `mine`.
async fn custom_api(
    State(hub): State<FakeHub>,
    Path((_, api)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if hub.is_down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !is_flow_service(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "not you");
    }
    if api != "mine" {
        return not_found();
    }
    let swagger = json!({"swagger": "2.0", "host": "mine.contoso.example", "paths": {
        "/things": {"get": {"operationId": "ListThings"}},
    }});
    Json(json!({"name": api, "properties": {"name": api, "swagger": swagger}})).into_response()
}

fn not_found() -> Response {
    let error = json!({"error": {"code": "ResourceNotFound", "message": "no such connection"}});
    (StatusCode::NOT_FOUND, Json(error)).into_response()
}

/// Returns the connection of this name, for the flow service.
fn of_name(hub: &FakeHub, name: &str, headers: &HeaderMap) -> Result<FakeConnection, Box<Response>> {
    if hub.is_down.load(Ordering::SeqCst) {
        return Err(Box::new(StatusCode::SERVICE_UNAVAILABLE.into_response()));
    }
    if !is_flow_service(headers) {
        return Err(Box::new(refused(StatusCode::UNAUTHORIZED, "not you")));
    }
    let connection = hub.connection.lock().expect("lock").clone();
    connection.filter(|_| name.eq_ignore_ascii_case(CONNECTION)).ok_or_else(|| Box::new(not_found()))
}

async fn show(
    State(hub): State<FakeHub>,
    Path((_, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match of_name(&hub, &name, &headers) {
        Err(refusal) => *refusal,
        Ok(connection) => {
            let mut shown = json!({"name": name, "properties": {
                "connectionRuntimeUrl": connection.runtime_url(&hub),
                "createdBy": {"id": connection.creator}, "api": {"name": "shared_contoso-orders"},
            }});
            if let Some(resource) = connection.identity {
                shown["properties"]["managedIdentitySettings"] = json!({ "resourceUri": resource });
            }
            Json(shown).into_response()
        }
    }
}

async fn policies(
    State(hub): State<FakeHub>,
    Path((_, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let connection = match of_name(&hub, &name, &headers) {
        Err(refusal) => return *refusal,
        Ok(connection) => connection,
    };
    let flow = json!({"name": "flow", "properties": {"principal": {
        "type": "Workflow", "identity": {"workflowId": crate::lab::FLOW},
    }}});
    let shared = connection.shared_with.map(|user| {
        json!({"name": "user", "properties": {"principal": {
            "type": "ActiveDirectory", "identity": {"tenantId": crate::lab::TENANT, "objectId": user},
        }}})
    });
    let value: Vec<_> = std::iter::once(flow).chain(shared).collect();
    Json(json!({ "value": value })).into_response()
}

async fn grant(
    State(hub): State<FakeHub>,
    Path((_, flow)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> StatusCode {
    if hub.is_down.load(Ordering::SeqCst) || !is_flow_service(&headers) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    hub.granted.lock().expect("lock").push((flow, body["properties"].clone()));
    StatusCode::OK
}

async fn withdraw(
    State(hub): State<FakeHub>,
    Path((_, flow)): Path<(String, String)>,
    headers: HeaderMap,
) -> StatusCode {
    if hub.is_down.load(Ordering::SeqCst) || !is_flow_service(&headers) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    hub.withdrawn.lock().expect("lock").push(flow);
    StatusCode::NO_CONTENT
}

impl FakeConnection {
    /// The hub's public URL, which this process cannot reach.
    fn runtime_url(&self, hub: &FakeHub) -> String {
        let connector = hub.connector.lock().expect("lock");
        format!("http://hub.public.example:9/apim/{connector}/{}", self.id)
    }
}

async fn list_keys(
    State(hub): State<FakeHub>,
    Path((_, name)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let connection = match of_name(&hub, &name, &headers) {
        Err(refusal) => return *refusal,
        Ok(connection) => connection,
    };
    if let Some((status, body)) = hub.key_refusal.lock().expect("lock").clone() {
        return (StatusCode::from_u16(status).expect("status"), Json(body)).into_response();
    }
    let mut requests = hub.key_requests.lock().expect("lock");
    requests.push(body);
    let key = format!("{KEY}{}", requests.len());
    Json(json!({"connectionKey": key, "runtimeUrl": connection.runtime_url(&hub)})).into_response()
}

async fn runtime(
    State(hub): State<FakeHub>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    hub.calls.lock().expect("lock").push(Call {
        line: format!("{method} {uri}"),
        authorization: header("authorization"),
        source_authorization: header("outlive-source-authorization"),
        traceparent: header("traceparent"),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let reply = hub.replies.lock().expect("lock").pop_front();
    match reply {
        None => Json(json!({"value": [{"id": "o-1", "item": "lamp"}, {"id": "o-2", "item": "desk"}]}))
            .into_response(),
        Some(Reply::Respond(status, body)) => (
            StatusCode::from_u16(status).expect("status"),
            [("set-cookie", "session=secret-cookie")],
            Json(body),
        )
            .into_response(),
        Some(Reply::With(status, list, body)) => {
            let mut response = (StatusCode::from_u16(status).expect("status"), Json(body)).into_response();
            for (name, value) in list {
                response.headers_mut().insert(name, value.parse().expect("a header"));
            }
            response
        }
        Some(Reply::Hold(called, released)) => {
            called.send(()).expect("the test listens");
            released.notified().await;
            Json(json!({})).into_response()
        }
        Some(Reply::Hang(called)) => {
            called.send(()).expect("the test listens");
            std::future::pending().await
        }
    }
}
