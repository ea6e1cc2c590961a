//! On-premises data gateways: none is installed.

use axum::Json;
use serde_json::{Value, json};

use super::paths::{GroupPath, ResourcePath};
use crate::arm::{ArmPath, ArmRefusal, ControlCall};

pub(super) async fn list(_: ControlCall, _: ArmPath<GroupPath>) -> Json<Value> {
    Json(json!({"value": []}))
}

pub(super) async fn list_installations(_: ControlCall) -> Json<Value> {
    Json(json!({"value": []}))
}

pub(super) async fn show(_: ControlCall, ArmPath(path): ArmPath<ResourcePath>) -> ArmRefusal {
    let (name, group) = (path.name.as_str(), path.group.as_str());
    ArmRefusal::not_found(
        "ResourceNotFound",
        format!(
            "The resource 'Microsoft.Web/connectionGateways/{name}' under resource group '{group}' was not found: no \
             on-premises data gateway is installed."
        ),
    )
}
