//! `/identity/conditionalAccess/policies`.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_rules::conditional_access::Policy;
use serde_json::{Value, json};

use super::{add, change, find, kept, listed, patched, read, replace, shown};
use crate::directory::Kept;
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{EntityType, entity};
use crate::graph::permissions::{READ_POLICIES, WRITE_CONDITIONAL_ACCESS};

const POLICY: EntityType = EntityType {
    name: "microsoft.graph.conditionalAccessPolicy",
    set: "identity/conditionalAccess/policies",
    properties: &[
        "id",
        "displayName",
        "state",
        "conditions",
        "grantControls",
        "sessionControls",
        "createdDateTime",
        "modifiedDateTime",
    ],
    shown: &[],
    filterable: &["id", "displayName", "state"],
    order: None,
};

fn resource(policy: &Kept<Policy>) -> Value {
    let mut says = json!(policy.says);
    for absent in ["grantControls", "sessionControls"] {
        if says.get(absent).is_none() {
            says[absent] = Value::Null;
        }
    }
    shown(policy, says)
}

fn checked(policy: Policy) -> Result<Policy, GraphError> {
    match policy.fault() {
        Some(fault) => Err(GraphError::bad_request(fault)),
        None => Ok(policy),
    }
}

pub(super) async fn list(caller: Caller) -> Response {
    let result = caller.allowed(&READ_POLICIES).and_then(|()| {
        listed(&caller, &POLICY, caller.tenant.policies.conditional_access.iter().map(resource).collect())
    });
    caller.answer(result)
}

pub(super) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = caller.allowed(&READ_POLICIES).and_then(|()| {
        let policy = find(&caller.tenant.policies.conditional_access, &id)?;
        Ok(entity(&POLICY, StatusCode::OK, &resource(policy), &caller.entity_options(&POLICY)?))
    });
    caller.answer(result)
}

pub(super) async fn create(caller: Caller, body: Result<Body<Value>, GraphError>) -> Response {
    let result = async {
        let Body(body) = body?;
        caller.allowed(&WRITE_CONDITIONAL_ACCESS)?;
        let options = caller.entity_options(&POLICY)?;
        let policy = kept(&caller, checked(read(&body)?)?);
        let data = json!({"policy": policy.id, "name": policy.says.display_name, "state": policy.says.state});
        let object = resource(&policy);
        replace(&caller, "policy.created", data, |all| add(&mut all.conditional_access, policy)).await?;
        Ok(entity(&POLICY, StatusCode::CREATED, &object, &options))
    };
    caller.answer(result.await)
}

pub(super) async fn update(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<Value>, GraphError>,
) -> Response {
    let result = async {
        let Body(patch) = body?;
        caller.allowed(&WRITE_CONDITIONAL_ACCESS)?;
        let before = find(&caller.tenant.policies.conditional_access, &id)?;
        let says = checked(read(&patched(json!(before.says), &patch)?)?)?;
        let data = json!({"policy": before.id, "name": says.display_name, "state": says.state});
        let (id, now) = (before.id, caller.now);
        replace(&caller, "policy.changed", data, |all| {
            change(&mut all.conditional_access, id, says, now);
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

pub(super) async fn remove(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        caller.allowed(&WRITE_CONDITIONAL_ACCESS)?;
        let policy = find(&caller.tenant.policies.conditional_access, &id)?;
        let (id, data) = (policy.id, json!({"policy": policy.id, "name": policy.says.display_name}));
        replace(&caller, "policy.deleted", data, |all| {
            all.conditional_access.retain(|policy| policy.id != id);
            Ok(())
        })
        .await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}
