//! `extensions/proxy/testconnection`: calls the test operation; only its status counts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;

use super::access::{self, Right};
use super::dynamic_invoke::load;
use super::paths::ResourcePath;
use crate::Hub;
use crate::arm::{ArmPath, ArmRefusal, ControlCall};
use crate::runtime::{OutgoingRequest, call_for};

pub(super) async fn test(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
) -> Result<Response, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Use).await?;
    let connector = hub.connector_of(&connection).await?;
    let test = connector.swagger.test.as_ref().ok_or_else(|| {
        ArmRefusal::not_found("ResourceNotFound", "The connector does not define a test operation.")
    })?;
    let loaded = load(&hub, &connection).await?;
    let outgoing = OutgoingRequest {
        method: Method::GET,
        path: test.path.trim_start_matches('/').to_owned(),
        query: test.query.clone(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    match call_for(&hub, loaded, &call, outgoing).await {
        Ok(response) if response.status().is_success() => {
            Ok(Json(json!({"status": "Connected"})).into_response())
        }
        Ok(response) => Err(ArmRefusal::new(
            StatusCode::BAD_REQUEST,
            "TestConnectionFailed",
            format!("The back end returned {}.", response.status()),
        )),
        Err(refusal) => Ok(refusal.into_response()),
    }
}
