//! `listCallbackUrl` and `regenerateAccessKey`: the signed addresses of a trigger.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::Instant;
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::flow_routes::flow_id;
use super::links::{absolute_with, below};
use super::trigger_histories::not_found;
use crate::definition::TriggerKind;
use crate::paths::workflow_path;
use crate::service::{CALLBACK_VERSION, Flows, KeyType, SIGNATURE_VERSION, SignedParts, unreadable};
use crate::tables::flows::FlowRow;

pub(super) async fn list_for_trigger(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id, trigger)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    list(&caller, &flows, &flow, Some(&trigger), &body).await
}

pub(super) async fn list_for_flow(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    list(&caller, &flows, &flow, None, &body).await
}

async fn list(
    caller: &Caller,
    flows: &Flows,
    flow: &FlowRow,
    trigger: Option<&str>,
    body: &Bytes,
) -> Result<Json<Value>, Problem> {
    let (key, expiry) = options(body, &["keyType", "notAfter"], caller.now)?;
    let program = flows.definition(caller.tenant, flow.id, flow.version).await?;
    let program = program.ok_or_else(|| unreadable(flow.id))?;
    let name = &program.trigger.name;
    if let Some(other) = trigger.filter(|given| !given.eq_ignore_ascii_case(name)) {
        return Err(not_found(other));
    }
    let (method, relative): (_, Vec<String>) = match &program.trigger.kind {
        TriggerKind::Request(request) => (request.method.unwrap_or("POST"), request.path().collect()),
        TriggerKind::Webhook(_) => ("POST", Vec::new()),
        TriggerKind::Recurrence(_) | TriggerKind::Poll { .. } => {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "ListCallbackUrlNotSupported",
                "The 'ListCallbackUrl' API is only supported by triggers that wait for requests.",
            ));
        }
    };
    let permission = format!("/triggers/{name}/run");
    let keys = flows.access_keys_or_new(caller.tenant, flow.id).await?;
    let parts = SignedParts { permission: &permission, expiry: expiry.as_deref() };
    let signature = keys.sign((caller.tenant, flow.id), parts, key);
    let mut queries = vec![("api-version", CALLBACK_VERSION)];
    queries.extend(expiry.as_deref().map(|expiry| ("se", expiry)));
    queries.extend([("sp", permission.as_str()), ("sv", SIGNATURE_VERSION), ("sig", signature.as_str())]);
    let base = workflow_path(caller.tenant, flow.id, name);
    let segments: Vec<_> = relative.iter().map(String::as_str).collect();
    // Parameters of the path stay as they are written, for the caller to replace.
    let path = below(&base, &segments).replace("%7B", "{").replace("%7D", "}");
    let mut document = json!({
        "value": absolute_with(caller, &path, &queries),
        "method": method,
        "basePath": format!("{}{base}", caller.origin),
        "queries": queries.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Map<_, _>>(),
    });
    if !relative.is_empty() {
        let parameters = relative.iter().filter_map(|one| one.strip_prefix('{')?.strip_suffix('}'));
        document["relativePath"] = json!(relative.join("/"));
        document["relativePathParameters"] = parameters.collect();
    }
    // The flow service wraps what the workflow service responds.
    document["response"] = document.clone();
    Ok(Json(document))
}

pub(super) async fn regenerate(
    caller: Caller,
    State(flows): State<Arc<Flows>>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let flow = flows.find_own(&caller.actor(), flow_id(&id)?).await?;
    let (key, _) = options(&body, &["keyType"], caller.now)?;
    flows.regenerate_access_key(&caller.actor(), flow.id, key).await?;
    Ok(StatusCode::OK)
}

/// Reads `{keyType?, notAfter?}`.
fn options(body: &Bytes, known: &[&str], now: Instant) -> Result<(KeyType, Option<String>), Problem> {
    if body.is_empty() {
        return Ok((KeyType::Primary, None));
    }
    let body: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        Problem::bad_request(format!(
            "The body is not a JSON object: {error}. Send {{\"keyType\": \"Primary\"}}."
        ))
    })?;
    if let Some(other) = body.keys().find(|name| !known.contains(&name.as_str())) {
        let other: String = other.chars().take(100).collect();
        return Err(Problem::bad_request(format!(
            "{other}: this is not known here; use {}.",
            known.join(", ")
        )));
    }
    let key = match body.get("keyType") {
        None | Some(Value::Null) => KeyType::Primary,
        Some(name) => name
            .as_str()
            .and_then(KeyType::named)
            .ok_or_else(|| Problem::bad_request("keyType: this is not a key; use Primary or Secondary."))?,
    };
    let expiry = match body.get("notAfter") {
        None | Some(Value::Null) => None,
        Some(written) => {
            let instant = written.as_str().and_then(|text| text.parse::<Instant>().ok());
            let instant = instant.filter(|instant| *instant > now).ok_or_else(|| {
                Problem::bad_request("notAfter: this is not a future instant, such as 2030-01-05T09:00:00Z.")
            })?;
            Some(instant.to_string())
        }
    };
    Ok((key, expiry))
}
