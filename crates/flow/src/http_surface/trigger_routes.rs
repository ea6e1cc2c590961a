//! `…/triggers/{trigger}/run`: runs a flow manually.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use outlive_chassis::Problem;
use serde_json::{Value, json};

use super::caller::Caller;
use super::flow_routes::flow_id;
use super::links::{self, flow_path};
use super::run_routes;
use crate::engine::SentResponse;
use crate::ids::FlowId;
use crate::service::{Flows, Started, TriggerCall, TriggerEvent};

/// Headers of a response that the server sets.
const NOT_SENT: [&str; 5] = ["content-length", "transfer-encoding", "connection", "date", "set-cookie"];

/// The connections that the caller provides for the run.
static INVOKER_CONNECTIONS: HeaderName = HeaderName::from_static("x-ms-apim-tokens");

static RUN_ID: HeaderName = HeaderName::from_static("x-ms-workflow-run-id");

/// Responds when the run has ended or waits: with the response of the run, or 202 with its name.
pub(super) async fn run(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, trigger)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let (flow, role) = flows.find_usable(&caller.actor(), flow_id(&id)?).await?;
    let id = flow.id;
    let input: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Problem::bad_request(format!("The body is not JSON: {error}.")))?
    };
    if crate::expression::weigh(&input).is_none() {
        return Err(Problem::bad_request("The body is nested too deeply."));
    }
    // Only this header: the others belong to the caller, for example the token.
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let outputs = json!({"headers": {"Content-Type": kind}, "body": input});
    let call = TriggerCall {
        tenant: caller.tenant,
        flow,
        user: caller.user,
        is_run_only: !role.owns(),
        connections: headers.get(&INVOKER_CONNECTIONS).map(|header| header.as_bytes().to_vec()),
        trigger,
        event: TriggerEvent::Outputs(outputs),
        trace: caller.trace.clone(),
        now: caller.now,
    };
    let started = flows.run_now(call).await?;
    Ok(respond(&caller, id, started))
}

/// Runs a flow again with the outputs that its trigger had for an earlier run, whose name is also
/// that of the trigger's history.
pub(super) async fn resubmit(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, trigger, history)): Path<(String, String, String, String)>,
) -> Result<Response, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    let (row, state) = run_routes::read_to_change(&caller, &flows, &id, &history).await?;
    let call = TriggerCall {
        tenant: caller.tenant,
        flow,
        user: caller.user,
        is_run_only: false,
        connections: None,
        trigger,
        event: TriggerEvent::Again(state.into_trigger_outputs()),
        trace: caller.trace.clone(),
        now: caller.now,
    };
    let started = flows.run_now(call).await?;
    Ok(respond(&caller, row.flow, Started { response: None, ..started }))
}

fn respond(caller: &Caller, flow: FlowId, started: Started) -> Response {
    let Started { name: Some(name), response } = started else {
        // The conditions of the trigger are not met.
        return (StatusCode::ACCEPTED, Json(json!({"status": "Skipped"}))).into_response();
    };
    if let Some(sent) = response {
        return sent_response(&name, sent);
    }
    let path = links::below(&flow_path(&caller.environment, flow), &["runs", &name]);
    let location = links::absolute(caller, &path, &[]);
    let body =
        Json(json!({"name": name, "id": path, "type": "Microsoft.ProcessSimple/environments/flows/runs"}));
    (StatusCode::ACCEPTED, [(LOCATION, location), (RUN_ID.clone(), name)], body).into_response()
}

/// Returns the response that a run sends.
pub(super) fn sent_response(run: &str, sent: SentResponse) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in &sent.headers {
        let pair = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()));
        if let (Ok(name), Ok(value)) = pair
            && !NOT_SENT.contains(&name.as_str())
        {
            headers.insert(name, value);
        }
    }
    if let Ok(name) = HeaderValue::try_from(run) {
        headers.insert(RUN_ID.clone(), name);
    }
    let (kind, body) = match sent.body {
        None | Some(Value::Null) => (None, String::new()),
        Some(Value::String(text)) => (Some("text/plain; charset=utf-8"), text),
        Some(body) => (Some("application/json; charset=utf-8"), body.to_string()),
    };
    if let Some(kind) = kind.filter(|_| !headers.contains_key(CONTENT_TYPE)) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let status = StatusCode::from_u16(sent.status).unwrap_or(StatusCode::OK);
    (status, headers, body).into_response()
}

/// Returns the response to a caller without access to the run, which has not responded.
pub(super) fn accepted_call(run: Option<&str>) -> Response {
    let mut headers = HeaderMap::new();
    if let Some(name) = run.and_then(|name| HeaderValue::try_from(name).ok()) {
        headers.insert(RUN_ID.clone(), name);
    }
    (StatusCode::ACCEPTED, headers).into_response()
}
