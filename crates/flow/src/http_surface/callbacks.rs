//! `…/runs/{run}/callbacks/{repetition}`: continues a run. The signature in the address is the
//! credential; there is no token.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use outlive_chassis::Problem;
use serde_json::{Value, json};

use super::caller::check_version;
use crate::ids::tenant_of_environment;
use crate::service::{CalledBack, Flows};

pub(super) async fn call_back(
    State(flows): State<Arc<Flows>>,
    Path((environment, flow, run, repetition)): Path<(String, String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::not_found("WorkflowRunNotFound", "There is no such run.");
    let tenant = tenant_of_environment(&environment).ok_or_else(unknown)?;
    let flow = flow.parse().map_err(|_| unknown())?;
    let query = query.unwrap_or_default();
    check_version(&query)?;
    let signature = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "sig");
    let signature = signature.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(value) if crate::expression::weigh(&value).is_none() => {
            return Err(Problem::bad_request("The body is nested too deeply."));
        }
        Ok(value) => value,
        Err(_) if body.is_empty() => Value::Null,
        Err(_) => Value::from(String::from_utf8_lossy(&body)),
    };
    let outputs = json!({"statusCode": 200, "headers": {"Content-Type": kind}, "body": body});
    flows.call_back(CalledBack { tenant, flow, run, repetition }, &signature, outputs).await?;
    Ok(StatusCode::OK)
}
