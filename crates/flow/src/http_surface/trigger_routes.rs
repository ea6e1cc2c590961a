//! `…/triggers/{trigger}/run`: runs a flow manually.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, StatusCode};
use outlive_chassis::Problem;
use serde_json::{Value, json};

use super::caller::{API_VERSION, Caller};
use super::flow_documents::flow_path;
use super::flow_routes::flow_id;
use crate::service::{Flows, TriggerCall};

static RUN_ID: HeaderName = HeaderName::from_static("x-ms-workflow-run-id");

/// Responds 202 with the run's name, when the run has ended or waits for a retry.
pub(super) async fn run(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, trigger)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
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
        trigger,
        outputs,
        trace: caller.trace.clone(),
        now: caller.now,
    };
    let name = flows.run_now(call).await?;
    let path = format!("{}/runs/{name}", flow_path(&caller.environment, id));
    let location = format!("{}{path}?api-version={API_VERSION}", caller.origin);
    let body =
        Json(json!({"name": name, "id": path, "type": "Microsoft.ProcessSimple/environments/flows/runs"}));
    Ok((StatusCode::ACCEPTED, [(LOCATION, location), (RUN_ID.clone(), name)], body).into_response())
}
