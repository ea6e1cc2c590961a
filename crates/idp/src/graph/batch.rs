//! `POST /$batch`: up to twenty requests in one ("Combine multiple HTTP requests using JSON
//! batching"). Each goes through the routes of Graph, with the token of the batch.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::extract::rejection::JsonRejection;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use outlive_chassis::Trace;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tower::ServiceExt as _;

use super::caller::Caller;
use super::error::{Answer, GraphError};
use crate::idp::Idp;
use crate::protocol::response_headers::{named_for_graph, of_graph, with_charset};

const REQUESTS_MAX: usize = 20;

#[derive(Debug, Deserialize)]
struct Batch {
    requests: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    id: String,
    method: String,
    /// Relative to the version.
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    /// The requests that have to succeed first.
    #[serde(default)]
    depends_on: Vec<String>,
}

#[derive(Debug, Serialize)]
struct StepResponse {
    id: String,
    status: u16,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
}

type BatchBody = Result<Json<Value>, JsonRejection>;
/// All routes of Graph, through which the requests go.
type Routes = fn(&Idp) -> Router<Idp>;

pub(super) fn router(routes: Routes) -> Router<Idp> {
    let run = move |caller: Caller, headers: HeaderMap, body: BatchBody| run(routes, caller, headers, body);
    Router::new().route("/$batch", post(run))
}

/// `POST /$batch`.
async fn run(routes: Routes, caller: Caller, headers: HeaderMap, body: BatchBody) -> Answer {
    let batch = Batch::of(body?.0)?;
    let order = batch.order()?;
    let new_trace = || {
        let request_id = caller.stream("batch").uuid();
        Trace { request_id, ..caller.trace.clone() }
    };
    let steps = batch.requests.iter().map(|step| step.request(&caller, &headers, new_trace()));
    let mut requests: Vec<_> = steps.map(|step| step.map(Some)).collect::<Result<_, _>>()?;
    let routes = routes(&caller.idp).layer(from_fn(of_graph)).with_state(caller.idp.clone());
    let mut responses: BTreeMap<usize, StepResponse> = BTreeMap::new();
    for at in order {
        let step = &batch.requests[at];
        let failed =
            |response: &StepResponse| response.status >= 400 && step.depends_on.contains(&response.id);
        let response = match requests[at].take().filter(|_| !responses.values().any(failed)) {
            Some(request) => {
                let Ok(response) = routes.clone().oneshot(request).await;
                response
            }
            None => {
                let message = "A request that this one depends on failed.";
                let error = GraphError::new(StatusCode::FAILED_DEPENDENCY, "FailedDependency", message);
                let trace = new_trace();
                named_for_graph(error.answer(&trace, Some(caller.now)), &trace)
            }
        };
        let response = with_charset(response);
        responses.insert(at, StepResponse::of(&step.id, response).await);
    }
    let responses: Vec<_> = responses.into_values().collect();
    Ok(Json(BTreeMap::from([("responses", responses)])).into_response())
}

fn invalid(message: impl Into<String>) -> GraphError {
    GraphError::new(StatusCode::BAD_REQUEST, "BadRequest", message)
}

impl Batch {
    fn of(value: Value) -> Result<Self, GraphError> {
        let batch: Self = serde_json::from_value(value)
            .map_err(|error| invalid(format!("Invalid batch payload format: {error}.")))?;
        if batch.requests.is_empty() {
            return Err(invalid("Invalid batch payload format: there are no requests."));
        }
        if batch.requests.len() > REQUESTS_MAX {
            return Err(invalid(format!("A batch has {REQUESTS_MAX} requests at most.")));
        }
        let mut ids = BTreeSet::new();
        for step in &batch.requests {
            if step.id.is_empty() || !ids.insert(step.id.as_str()) {
                return Err(invalid(format!("Request ids have to be unique: '{}'.", step.id)));
            }
            step.check()?;
        }
        Ok(batch)
    }

    /// The positions of the requests, each behind those that it depends on.
    fn order(&self) -> Result<Vec<usize>, GraphError> {
        let mut order = Vec::new();
        let mut done = BTreeSet::new();
        while order.len() < self.requests.len() {
            let next = self.requests.iter().position(|step| {
                !done.contains(step.id.as_str())
                    && step.depends_on.iter().all(|id| done.contains(id.as_str()))
            });
            let Some(at) = next else {
                return Err(invalid("dependsOn names a request that is not there, or leads in a circle."));
            };
            done.insert(self.requests[at].id.as_str());
            order.push(at);
        }
        Ok(order)
    }
}

impl Step {
    fn check(&self) -> Result<(), GraphError> {
        let is_write = ["POST", "PATCH", "PUT"].contains(&self.method.as_str());
        if !is_write && !["GET", "DELETE"].contains(&self.method.as_str()) {
            return Err(invalid(format!("Request '{}' has an unknown method.", self.id)));
        }
        // Seen with the whole batch: msgraph-sdk-dotnet#1038, #2628.
        let has_type = self.headers.keys().any(|name| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()));
        if is_write && !(has_type && self.body.is_some()) {
            return Err(invalid(format!(
                "Write request id : {} does not contain Content-Type header or body.",
                self.id
            )));
        }
        let path = self.path();
        if path.contains("://") || path == "/$batch" {
            return Err(invalid(format!("Request '{}' has an invalid url.", self.id)));
        }
        Ok(())
    }

    /// The path of the URL, with a slash before it.
    fn path(&self) -> String {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        format!("/{}", path.trim_start_matches('/'))
    }

    fn request(&self, caller: &Caller, batch: &HeaderMap, trace: Trace) -> Result<Request, GraphError> {
        let mistake = |what: &str| invalid(format!("Request '{}' has an invalid {what}.", self.id));
        let version = caller.path.split('/').nth(1).unwrap_or_default();
        let url = encoded(&format!("/{version}/{}", self.url.trim_start_matches('/')));
        let body = self.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = Request::new(body);
        *request.method_mut() = self.method.parse::<Method>().ok().ok_or_else(|| mistake("method"))?;
        *request.uri_mut() = url.parse::<Uri>().ok().ok_or_else(|| mistake("url"))?;
        for (name, value) in &self.headers {
            let name = name.parse::<HeaderName>().ok().ok_or_else(|| mistake("header"))?;
            let value = value.parse::<HeaderValue>().ok().ok_or_else(|| mistake("header"))?;
            request.headers_mut().insert(name, value);
        }
        if let Some(token) = batch.get(AUTHORIZATION) {
            request.headers_mut().insert(AUTHORIZATION, token.clone());
        }
        request.extensions_mut().insert(caller.origin.clone());
        request.extensions_mut().insert(trace);
        Ok(request)
    }
}

impl StepResponse {
    async fn of(id: &str, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let is_json = parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let raw = if is_json { text.into_owned() } else { Value::from(text.as_ref()).to_string() };
        let body = RawValue::from_string(raw).ok().filter(|_| !bytes.is_empty());
        let headers = parts.headers.iter().filter(|(name, _)| **name != CONTENT_LENGTH);
        let headers =
            headers.filter_map(|(name, value)| Some((title(name), value.to_str().ok()?.to_owned())));
        Self { id: id.to_owned(), status: parts.status.as_u16(), headers: headers.collect(), body }
    }
}

/// The name of a header as Graph writes it in a batch: `Content-Type`.
fn title(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(1.min(word.len()));
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words.collect::<Vec<_>>().join("-")
}

/// What cannot stand in a URL.
const NOT_IN_URLS: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Encodes what cannot stand in a URL: programs write filters as text.
fn encoded(url: &str) -> String {
    utf8_percent_encode(url, &NOT_IN_URLS).to_string()
}
