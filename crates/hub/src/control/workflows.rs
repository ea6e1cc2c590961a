//! Deleted flows: the flow service reports them, and the hub withdraws their access policies.
//!
//! The original has one resource provider for connections and flows; here they are two services,
//! which know each other over HTTP only.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::AccessWithdrawn;
use serde::Deserialize;

use crate::Hub;
use crate::arm::{ArmRefusal, ControlCall};
use crate::connection::{Principal, access_list};

#[derive(Deserialize)]
pub(super) struct WorkflowPath {
    workflow: String,
}

/// Withdraws every access policy that names the flow, in one commit.
pub(super) async fn delete(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    Path(path): Path<WorkflowPath>,
) -> Result<StatusCode, ArmRefusal> {
    if !call.caller.acts_for_flows() {
        return Err(ArmRefusal::forbidden(
            "Only an application with the role 'Flows.Act' can withdraw the access of a workflow.",
        ));
    }
    let principal = Principal::workflow(&path.workflow)
        .map_err(|error| ArmRefusal::invalid("The path does not contain a flow id.").caused_by(error))?;
    let store = &hub.chassis.store;
    let granted = access_list::list_of_principal(store, call.tenant, &principal).await?;
    if granted.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let mut change = Change::new();
    for (connection, policy) in granted {
        change.add(access_list::delete(call.tenant, connection, &policy.name.to_ascii_lowercase()));
        let payload = AccessWithdrawn {
            policy: policy.name,
            principal: policy.principal.to_string(),
            caller: call.caller.oid,
        };
        change.append(hub.chassis.journal.entry(&call.event(Subject::connection(connection), payload)));
    }
    store.commit(change).await?;
    Ok(StatusCode::OK)
}
