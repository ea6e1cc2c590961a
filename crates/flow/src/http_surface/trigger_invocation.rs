//! `/workflows/{workflow}/triggers/{trigger}/paths/invoke`: calls of a trigger with its signed
//! address, or with a token.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Uri};
use outlive_chassis::{ClockError, Problem, Trace};
use outlive_clock::TenantId;
use outlive_tokens::{BearerRefusal, bearer_token, has_scheme};
use serde_json::{Map, Value, json};

use super::caller::Refusal;
use super::client_address::check_address;
use super::links::segments;
use super::trigger_histories::not_found;
use super::trigger_routes::{accepted_call, sent_response};
use crate::definition::{REQUEST_METHODS, TriggerKind};
use crate::ids::FlowId;
use crate::service::{
    CallbackSignature, Credentials, Flows, TriggerCall, TriggerEvent, Unauthenticated, unreadable,
};
use crate::tables::flows;

/// The versions of the API that a callback URL can name.
const VERSIONS: [&str; 5] = ["2016-06-01", "2016-10-01", "2017-07-01", "2018-07-01-preview", "2019-05-01"];

/// Parameters of the query that are not those of the caller.
const OWN_QUERIES: [&str; 5] = ["api-version", "se", "sp", "sv", "sig"];

/// Headers that belong to the connection or to this system.
const NOT_PASSED_ON: [&str; 8] = [
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "traceparent",
    "tracestate",
    "outlive-time",
    "outlive-delay",
];

/// The maximum number of headers and of queries in the outputs of a trigger.
const PAIRS_MAX: usize = 100;

fn ids_of(workflow: &str) -> Option<(TenantId, FlowId)> {
    let (tenant, flow) = workflow.split_at_checked(32)?;
    Some((tenant.parse().ok()?, flow.parse().ok()?))
}

/// The response to a call that is not authenticated.
fn refuse(flows: &Flows, tenant: TenantId, why: Unauthenticated) -> Refusal {
    match why {
        Unauthenticated::Token(refusal) => Refusal::unauthorized(flows, &tenant.to_string(), &refusal),
        Unauthenticated::Rejected(problem) => Refusal::challenged(flows, &tenant.to_string(), problem),
    }
}

pub(super) async fn invoke(
    State(flows): State<Arc<Flows>>,
    RawQuery(query): RawQuery,
    method: Method,
    uri: Uri,
    trace: Trace,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let missing = || Problem::not_found("WorkflowNotFound", "The workflow could not be found.");
    let path = segments(uri.path()).ok_or_else(missing)?;
    // /workflows/{workflow}/triggers/{trigger}/paths/invoke/{relative path}
    let [_, _, workflow, _, name, _, _, relative @ ..] = path.as_slice() else {
        return Err(missing().into());
    };
    let (tenant, id) = ids_of(workflow).ok_or_else(missing)?;
    let time = match flows.chassis.clocks.reading(tenant).await {
        Ok(time) => time,
        Err(ClockError::UnknownTenant(_)) => return Err(missing().into()),
        Err(error) => return Err(Problem::from(error).into()),
    };
    let flow = flows::find(&flows.chassis.store, tenant, id).await.map_err(Problem::from)?;
    let flow = flow.ok_or_else(missing)?;
    let (signature, queries) = read_query(query.as_deref().unwrap_or_default())?;
    let (now, trace) = (time.now, flows.chassis.carry_time(trace, tenant, time));
    let program = flows.definition(tenant, flow.id, flow.version).await?;
    let program = program.ok_or_else(|| unreadable(flow.id))?;
    let trigger = &program.trigger;
    if !trigger.name.eq_ignore_ascii_case(name) {
        return Err(not_found(name).into());
    }
    check_address(program.access.callers.as_deref(), outlive_chassis::client_address(&headers))?;
    let credentials = credentials_of(signature, &headers);
    let authenticated = flows.authenticate_call((tenant, id), &program, credentials, &trace, now).await;
    authenticated.map_err(|why| refuse(&flows, tenant, why))?;
    let only = match &trigger.kind {
        TriggerKind::Request(request) => request.method,
        _ => None,
    };
    // A preflight request of a browser, for example, is not an event.
    let methods = only.as_slice();
    let methods = if methods.is_empty() { &REQUEST_METHODS[..] } else { methods };
    if !methods.contains(&method.as_str()) {
        return Ok(other_method(methods));
    }
    let (parameters, keeps_authorization) = match &trigger.kind {
        TriggerKind::Request(request) => {
            let parameters = request.parameters_of(relative).ok_or_else(|| {
                Problem::not_found("NotFound", "The path after that of the trigger is not its relativePath.")
            })?;
            (parameters, request.includes_authorization)
        }
        TriggerKind::Webhook(_) if relative.is_empty() => (Map::new(), false),
        // No address to call is issued.
        TriggerKind::Webhook(_) | TriggerKind::Recurrence(_) | TriggerKind::Poll { .. } => {
            return Err(not_found(name).into());
        }
    };
    let outputs = json!({
        "method": method.as_str(),
        "headers": passed_on(&headers, keeps_authorization),
        "queries": queries,
        "relativePathParameters": parameters,
        "body": content(&headers, &body)?,
    });
    if crate::expression::weigh(&outputs).is_none() {
        return Err(Problem::bad_request("The body is nested too deeply.").into());
    }
    let call = TriggerCall {
        tenant,
        user: flow.owner,
        is_run_only: false,
        connections: None,
        flow,
        trigger: trigger.name.clone(),
        event: TriggerEvent::Outputs(outputs),
        trace,
        now,
    };
    let started = flows.run_now(call).await?;
    Ok(match (started.name, started.response) {
        (Some(name), Some(sent)) => sent_response(&name, sent),
        (name, _) => accepted_call(name.as_deref()),
    })
}

fn other_method(accepted: &[&str]) -> Response {
    let accepted = accepted.join(", ");
    let problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        format!("The trigger does not accept requests with this method, but with {accepted}."),
    );
    ([(ALLOW, accepted)], problem).into_response()
}

/// Returns the signature of an address, if it has one, and the parameters of the caller.
fn read_query(query: &str) -> Result<(Option<CallbackSignature>, Map<String, Value>), Problem> {
    let mut own: BTreeMap<&str, String> = BTreeMap::new();
    let mut others = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match OWN_QUERIES.into_iter().find(|known| *known == name) {
            Some(known) if own.contains_key(known) => {
                return Err(Problem::bad_request(format!(
                    "The query parameter {known} occurs more than once."
                )));
            }
            Some(known) => {
                own.insert(known, value.into_owned());
            }
            None if others.len() >= PAIRS_MAX => {
                return Err(Problem::bad_request(format!(
                    "There are more than {PAIRS_MAX} query parameters."
                )));
            }
            None => {
                others.insert(name.into_owned(), Value::String(value.into_owned()));
            }
        }
    }
    match own.get("api-version") {
        Some(version) if VERSIONS.contains(&version.as_str()) => {}
        Some(_) => {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "InvalidApiVersionParameter",
                format!("The api-version is not supported; use one of {}.", VERSIONS.join(", ")),
            ));
        }
        None => {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            ));
        }
    }
    let mut take = |name: &str| own.remove(name);
    let (permission, version, signature) = (take("sp"), take("sv"), take("sig"));
    let expiry = take("se");
    let is_signed = permission.is_some() || version.is_some() || signature.is_some();
    let signature = is_signed.then(|| CallbackSignature {
        permission: permission.unwrap_or_default(),
        version: version.unwrap_or_default(),
        expiry,
        signature: signature.unwrap_or_default(),
    });
    Ok((signature, others))
}

fn credentials_of(signature: Option<CallbackSignature>, headers: &HeaderMap) -> Credentials<'_> {
    let scheme = || {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let scheme = value.split(' ').next().unwrap_or_default();
        // Something without a scheme can be a secret.
        let is_scheme = value.contains(' ') && scheme.len() <= 40;
        if is_scheme { scheme.to_owned() } else { "unknown".to_owned() }
    };
    match (signature, headers.contains_key(AUTHORIZATION)) {
        (None, false) => Credentials::None,
        (Some(signature), false) => Credentials::Signature(signature),
        (Some(_), true) => Credentials::Both { scheme: scheme() },
        (None, true) => match bearer_token(headers) {
            Ok(token) => Credentials::Bearer(token),
            Err(BearerRefusal::Missing) if !has_scheme(headers, "Bearer") => {
                Credentials::Other { scheme: scheme() }
            }
            Err(refusal) => Credentials::Unreadable(refusal),
        },
    }
}

/// Returns the headers of a call for the outputs of the trigger.
fn passed_on(headers: &HeaderMap, keeps_authorization: bool) -> Map<String, Value> {
    let kept = headers.iter().filter(|(name, _)| {
        !NOT_PASSED_ON.contains(&name.as_str()) && (keeps_authorization || **name != AUTHORIZATION)
    });
    let pairs = kept.filter_map(|(name, value)| Some((title_case(name.as_str()), value.to_str().ok()?)));
    let mut map = Map::new();
    for (name, value) in pairs.take(PAIRS_MAX) {
        match map.get_mut(&name) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(value);
            }
            _ => {
                map.insert(name, json!(value));
            }
        }
    }
    map
}

/// Returns the name of a header as expressions expect it: `Content-Type`.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    words.collect::<Vec<_>>().join("-")
}

/// Returns the content of a call: JSON, a text, or bytes with their type.
fn content(headers: &HeaderMap, body: &Bytes) -> Result<Value, Problem> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence.is_empty() || essence == "application/json" || essence.ends_with("+json") {
        return serde_json::from_slice(body).map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "InvalidRequestContent",
                format!("The request content is not valid and could not be deserialized: '{error}'."),
            )
        });
    }
    match std::str::from_utf8(body) {
        Ok(text) if essence.starts_with("text/") || essence.ends_with("xml") => Ok(json!(text)),
        _ => Ok(json!({"$content-type": kind, "$content": STANDARD.encode(body)})),
    }
}
