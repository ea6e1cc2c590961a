//! The access policies of a connection.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_clock::TenantId;
use outlive_store::Change;
use outlive_wire::events::{AccessGranted, AccessWithdrawn};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{self, Right};
use super::paths::{PolicyPath, ResourcePath};
use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall, JsonBody, connection_id};
use crate::connection::access_list::{self, POLICIES_MAX};
use crate::connection::grants::{self, Dependent};
use crate::connection::{Connection, Policy, Principal};

/// Attempts to change the policies while others change them.
const ATTEMPTS_MAX: u32 = 16;

fn to_json(policy: &Policy, connection: &Connection) -> Value {
    let id = connection_id(connection.tenant, &connection.group, &connection.name);
    policy.resource(&id, connection.tenant)
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<ResourcePath>,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?;
    let policies = access_list::list(&hub.chassis.store, call.tenant, connection.id).await?;
    let value: Vec<_> = policies.iter().map(|policy| to_json(policy, &connection)).collect();
    Ok(Json(json!({ "value": value })))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<PolicyPath>,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?;
    let policy =
        access_list::find(&hub.chassis.store, call.tenant, connection.id, &path.policy.key()).await?;
    let policy = policy.ok_or_else(|| {
        ArmRefusal::not_found("ResourceNotFound", format!("There is no access policy '{}'.", path.policy))
    })?;
    Ok(Json(to_json(&policy, &connection)))
}

#[derive(Deserialize)]
struct PutBody {
    properties: PutProperties,
}

#[derive(Deserialize)]
struct PutProperties {
    principal: Value,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "identity")]
enum WrittenPrincipal {
    #[serde(rename_all = "camelCase")]
    ActiveDirectory { tenant_id: TenantId, object_id: Uuid },
    #[serde(rename_all = "camelCase")]
    Workflow { workflow_id: String },
}

fn principal(written: Value, tenant: TenantId) -> Result<Principal, ArmRefusal> {
    let written = serde_json::from_value(written).map_err(|error| {
        ArmRefusal::invalid(format!(
            "properties.principal: {error}. It must be of type ActiveDirectory with identity {{tenantId, objectId}}, or of type \
             Workflow with identity {{workflowId}}."
        ))
    })?;
    match written {
        WrittenPrincipal::ActiveDirectory { tenant_id, .. } if tenant_id != tenant => {
            Err(ArmRefusal::invalid("properties.principal.identity.tenantId is another tenant."))
        }
        WrittenPrincipal::ActiveDirectory { object_id, .. } => Ok(Principal::Object(object_id)),
        WrittenPrincipal::Workflow { workflow_id } => Principal::workflow(&workflow_id).map_err(|error| {
            ArmRefusal::invalid("properties.principal.identity.workflowId is not a flow id.").caused_by(error)
        }),
    }
}

pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<PolicyPath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Manage).await?;
    let principal = principal(body.read::<PutBody>()?.properties.principal, call.tenant)?;
    let policy = Policy { name: path.policy.to_string(), principal, granted_for: None };
    let mut attempt = 1;
    loop {
        let policies = access_list::list(&hub.chassis.store, call.tenant, connection.id).await?;
        let existing = policies.iter().find(|policy| policy.name.eq_ignore_ascii_case(path.policy.as_str()));
        let is_written = |policy: &Policy| policy.granted_for.is_none();
        if !existing.is_some_and(is_written)
            && policies.iter().filter(|policy| is_written(policy)).count() >= POLICIES_MAX
        {
            return Err(ArmRefusal::new(
                StatusCode::CONFLICT,
                "QuotaExceeded",
                format!("A connection has at most {POLICIES_MAX} access policies."),
            ));
        }
        let key = path.policy.key();
        let mut change = Change::from(access_list::upsert(call.tenant, connection.id, &key, &policy));
        if existing.is_some_and(|existing| existing.principal != policy.principal) {
            withdraw_dependent(&hub, &call, &connection, &key, &policies, &mut change);
        }
        let payload = AccessGranted {
            policy: policy.name.clone(),
            principal: policy.principal.to_string(),
            caller: call.caller.oid,
        };
        change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
        let status = if existing.is_some() { StatusCode::OK } else { StatusCode::CREATED };
        match hub.chassis.store.commit(change).await {
            Ok(()) => return Ok((status, Json(to_json(&policy, &connection)))),
            Err(error) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

pub(super) async fn delete(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<PolicyPath>,
) -> Result<StatusCode, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Manage).await?;
    let key = path.policy.key();
    let mut attempt = 1;
    loop {
        let policies = access_list::list(&hub.chassis.store, call.tenant, connection.id).await?;
        let Some(policy) = policies.iter().find(|policy| policy.name.eq_ignore_ascii_case(&key)) else {
            return Ok(StatusCode::NO_CONTENT);
        };
        let mut change = Change::from(access_list::delete(call.tenant, connection.id, &key));
        change.append(withdrawn(&hub, &call, &connection, policy));
        withdraw_dependent(&hub, &call, &connection, &key, &policies, &mut change);
        match hub.chassis.store.commit(change).await {
            Ok(()) => return Ok(StatusCode::OK),
            Err(error) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Adds to a change what ends with the policy of this key: the access of flows whose maker had
/// access by it. The change conflicts if the maker's other policies change at the same time.
fn withdraw_dependent(
    hub: &Hub,
    call: &ControlCall,
    connection: &Connection,
    key: &str,
    policies: &[Policy],
    change: &mut Change,
) {
    let Some(Dependent { maker, others, ending }) = grants::depending_on(key, connection.owner, policies)
    else {
        return;
    };
    change.add(grants::require_others(call.tenant, connection.id, maker, key, others));
    if others == 0 {
        change.add(grants::delete_for(call.tenant, connection.id, maker));
    }
    for policy in ending {
        change.append(withdrawn(hub, call, connection, policy));
    }
}

fn withdrawn(hub: &Hub, call: &ControlCall, connection: &Connection, policy: &Policy) -> Change {
    let payload = AccessWithdrawn {
        policy: policy.name.clone(),
        principal: policy.principal.to_string(),
        caller: call.caller.oid,
    };
    hub.chassis.journal.entry(&call.event(connection.subject(), payload))
}
