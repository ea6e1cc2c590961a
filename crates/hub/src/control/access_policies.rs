//! The access policies of a connection.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use outlive_clock::TenantId;
use outlive_store::Change;
use outlive_wire::events::{AccessGranted, AccessWithdrawn};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{self, Right};
use super::paths::{PolicyPath, ResourcePath};
use crate::Hub;
use crate::arm::{ArmPath, ArmRefusal, ControlCall, JsonBody, LOCATION, Members, Mistakes, connection_id};
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
    ArmPath(path): ArmPath<ResourcePath>,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?;
    let policies = access_list::list(&hub.chassis.store, call.tenant, connection.id).await?;
    let value: Vec<_> = policies.iter().map(|policy| to_json(policy, &connection)).collect();
    Ok(Json(json!({ "value": value })))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<PolicyPath>,
) -> Result<Json<Value>, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Read).await?;
    let policy =
        access_list::find(&hub.chassis.store, call.tenant, connection.id, &path.policy.key()).await?;
    let policy = policy.ok_or_else(|| {
        ArmRefusal::not_found("ResourceNotFound", format!("There is no access policy '{}'.", path.policy))
    })?;
    Ok(Json(to_json(&policy, &connection)))
}

/// Reads the body of a PUT: the principal. Members of the resource may be there as they are.
fn read(body: JsonBody, path: &PolicyPath, connection: &Connection) -> Result<Principal, ArmRefusal> {
    let mut mistakes = Mistakes::default();
    let mut members = body.members();
    let id = connection_id(connection.tenant, &connection.group, &connection.name);
    members.read_only("id", &json!(format!("{id}/accessPolicies/{}", path.policy)), &mut mistakes);
    members.read_only("name", &json!(path.policy.to_string()), &mut mistakes);
    members.read_only("type", &json!("Microsoft.Web/connections/accessPolicies"), &mut mistakes);
    members.read_only("location", &json!(LOCATION), &mut mistakes);
    let properties = members.required_object("properties", &mut mistakes);
    members.end(&mut mistakes);
    let principal = properties.and_then(|mut properties| {
        let principal = properties.required_object("principal", &mut mistakes);
        properties.end(&mut mistakes);
        principal.and_then(|principal| read_principal(principal, connection.tenant, &mut mistakes))
    });
    mistakes.into_result()?;
    principal.ok_or_else(|| ArmRefusal::invalid("properties.principal: it is required."))
}

fn read_principal(mut principal: Members, tenant: TenantId, mistakes: &mut Mistakes) -> Option<Principal> {
    let kind = principal.required_text("type", mistakes);
    let at = principal.path("type");
    let identity = principal.required_object("identity", mistakes);
    principal.end(mistakes);
    let (kind, mut identity) = (kind?, identity?);
    let read = match kind.as_str() {
        "ActiveDirectory" => {
            let of = identity.required::<TenantId>("tenantId", "the id of the tenant", mistakes);
            if of.is_some_and(|of| of != tenant) {
                mistakes.add(&identity.path("tenantId"), "it is another tenant");
            }
            let object = identity.required::<Uuid>("objectId", "the object id of a principal", mistakes);
            object.map(Principal::Object)
        }
        "Workflow" => identity.required_text("workflowId", mistakes).and_then(|id| {
            let workflow = Principal::workflow(&id).ok();
            if workflow.is_none() {
                mistakes.add(&identity.path("workflowId"), "it is not a flow's id");
            }
            workflow
        }),
        _ => {
            mistakes.add(
                &at,
                "it must be ActiveDirectory, with the identity {tenantId, objectId}, or Workflow, with the identity \
                 {workflowId}",
            );
            return None;
        }
    };
    identity.end(mistakes);
    read
}

pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<PolicyPath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>), ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::Manage).await?;
    let principal = read(body, &path, &connection)?;
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
    ArmPath(path): ArmPath<PolicyPath>,
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
