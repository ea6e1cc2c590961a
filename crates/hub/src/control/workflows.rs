//! The access of flows. The flow service reports which connections a saved flow references, and
//! which flows were deleted; the hub grants and withdraws their access policies.
//!
//! The original has one resource provider for connections and flows; here they are two services,
//! which know each other over HTTP only.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use outlive_clock::ConnectionId;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::{AccessGranted, AccessWithdrawn};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Hub;
use crate::arm::{ArmPath, ArmRefusal, ControlCall, JsonBody};
use crate::connection::grants::{self, Grant};
use crate::connection::{Policy, Principal, access_list, storage, workflow_owners};

/// The maximum number of connections of a flow: one for each of its references.
const CONNECTIONS_MAX: usize = 500;
/// The maximum number of co-owners of a flow.
const CO_OWNERS_MAX: usize = 100;
/// How often a change is computed again because an access list changed at the same time.
const ATTEMPTS_MAX: usize = 5;

#[derive(Deserialize)]
pub(super) struct WorkflowPath {
    workflow: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutBody {
    properties: PutProperties,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutProperties {
    /// The object id of the user who saved the flow.
    maker: Uuid,
    /// The ids of the connections that the maker selected for the flow.
    connections: BTreeSet<Uuid>,
    #[serde(default, rename = "coOwners")]
    co_owners: Vec<CoOwner>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CoOwner {
    /// The object id.
    id: Uuid,
    /// The ids of the connections that the co-owner selected for the flow.
    connections: BTreeSet<Uuid>,
}

/// The owners of a flow, the maker first, and the connections that each selected: a flow has access
/// to a connection through the owner who selected it.
struct Selected(Vec<(Uuid, BTreeSet<Uuid>)>);

impl Selected {
    fn of(properties: PutProperties) -> Result<Self, ArmRefusal> {
        let PutProperties { maker, connections, co_owners } = properties;
        if co_owners.len() > CO_OWNERS_MAX {
            return Err(ArmRefusal::invalid(format!(
                "properties.coOwners: a flow has at most {CO_OWNERS_MAX} co-owners."
            )));
        }
        let others = co_owners.into_iter().map(|CoOwner { id, connections }| (id, connections));
        let mut selected: Vec<_> = std::iter::once((maker, connections)).chain(others).collect();
        // A connection is selected by one owner.
        let mut seen = BTreeSet::new();
        for (_, connections) in &mut selected {
            connections.retain(|connection| seen.insert(*connection));
        }
        if selected.iter().map(|(_, connections)| connections.len()).sum::<usize>() > CONNECTIONS_MAX {
            return Err(ArmRefusal::invalid(format!(
                "properties.connections: a flow has at most {CONNECTIONS_MAX} connections."
            )));
        }
        Ok(Self(selected))
    }

    /// Returns each connection with the owner who selected it.
    fn pairs(&self) -> Vec<(Uuid, Uuid)> {
        let of = |(owner, ids): &(Uuid, BTreeSet<Uuid>)| {
            let owner = *owner;
            ids.iter().map(move |id| (owner, *id)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }

    fn contains(&self, owner: Option<Uuid>, connection: ConnectionId) -> bool {
        let has = |(id, connections): &(Uuid, BTreeSet<Uuid>)| {
            Some(*id) == owner && connections.contains(&connection.uuid())
        };
        self.0.iter().any(has)
    }
}

/// The flow in the path, for an application that acts for flows.
fn workflow(call: &ControlCall, path: &WorkflowPath) -> Result<Principal, ArmRefusal> {
    if !call.caller.acts_for_flows() {
        return Err(ArmRefusal::forbidden(
            "Only an application with the role 'Flows.Act' can change the access of a workflow.",
        ));
    }
    Principal::workflow(&path.workflow)
        .map_err(|error| ArmRefusal::invalid("The path does not contain a flow id.").caused_by(error))
}

/// Grants a flow access to the connections that it references, as far as the owner who selected
/// each has access, and withdraws what earlier calls granted and the flow does not reference any
/// more, in one commit. Repeating the call changes nothing. Policies that callers wrote stay as
/// they are.
pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<WorkflowPath>,
    body: JsonBody,
) -> Result<Json<Value>, ArmRefusal> {
    let flow = workflow(&call, &path)?;
    let properties = body.read::<PutBody>()?.properties;
    let maker = properties.maker;
    let selected = Selected::of(properties)?;
    let mut attempt = 1;
    loop {
        let (change, granted) = access(&hub, &call, &flow, &selected).await?;
        match hub.chassis.store.commit(change).await {
            Ok(()) => {
                let granted: Vec<_> = granted.iter().map(|id| id.simple().to_string()).collect();
                return Ok(Json(json!({"properties": {"maker": maker, "connections": granted}})));
            }
            Err(error) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns the change that gives a flow its access, and the connections to which it then has
/// access.
async fn access(
    hub: &Hub,
    call: &ControlCall,
    flow: &Principal,
    selected: &Selected,
) -> Result<(Change, Vec<Uuid>), ArmRefusal> {
    let (store, tenant) = (&hub.chassis.store, call.tenant);
    let owners: Vec<_> = selected.0.iter().map(|(owner, _)| *owner).collect();
    let mut change = workflow_owners::replace(tenant, flow, &owners);
    let mut granted = Vec::new();
    for (connection, policy) in access_list::list_of_principal(store, tenant, flow).await? {
        let is_current = selected.contains(policy.granted_for, connection);
        if policy.granted_for.is_some() && !is_current {
            change.add(grants::delete(tenant, connection, &policy));
            change.append(withdrawn(hub, call, connection, &policy));
        }
    }
    for (maker, uuid) in selected.pairs() {
        let id = ConnectionId::from_uuid(uuid);
        let Some((connection, _)) = storage::find(store, tenant, id).await? else { continue };
        let mut policies = access_list::list(store, tenant, id).await?;
        // Those of another owner are withdrawn above.
        policies.retain(|policy| {
            policy.principal != *flow || policy.granted_for.is_none_or(|granted| granted == maker)
        });
        match grants::decide(flow, maker, connection.owner, &policies) {
            Grant::Exists => granted.push(uuid),
            Grant::Add(policy, of_maker) => {
                granted.push(uuid);
                change.append(grants::insert(tenant, id, &policy, of_maker.as_deref()));
                let payload = AccessGranted {
                    policy: policy.name.clone(),
                    principal: policy.principal.to_string(),
                    caller: maker,
                };
                change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
            }
            // The maker lost access: so does the flow.
            Grant::NoAccess => {
                for policy in policies.iter().filter(|policy| policy.principal == *flow) {
                    if policy.granted_for.is_some() {
                        change.add(grants::delete(tenant, id, policy));
                        change.append(withdrawn(hub, call, id, policy));
                    }
                }
            }
            Grant::Full => {
                tracing::warn!(%tenant, connection = %id.uuid(), %flow, "the access list of a connection is full");
            }
        }
    }
    Ok((change, granted))
}

fn withdrawn(hub: &Hub, call: &ControlCall, connection: ConnectionId, policy: &Policy) -> Change {
    let payload = AccessWithdrawn {
        policy: policy.name.clone(),
        principal: policy.principal.to_string(),
        caller: call.caller.oid,
    };
    hub.chassis.journal.entry(&call.event(Subject::connection(connection), payload))
}

/// Withdraws every access policy that names the flow, in one commit.
pub(super) async fn delete(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<WorkflowPath>,
) -> Result<StatusCode, ArmRefusal> {
    let principal = workflow(&call, &path)?;
    let store = &hub.chassis.store;
    let granted = access_list::list_of_principal(store, call.tenant, &principal).await?;
    let status = if granted.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK };
    let mut change = Change::from(workflow_owners::delete(call.tenant, &principal));
    for (connection, policy) in granted {
        change.add(access_list::delete(call.tenant, connection, &policy.name.to_ascii_lowercase()));
        change.append(withdrawn(&hub, &call, connection, &policy));
    }
    store.commit(change).await?;
    Ok(status)
}
