//! The access of flows to connections, which the hub grants and withdraws.

use std::collections::BTreeMap;

use http::Method;
use outlive_clock::UserId;
use serde_json::json;

use super::call::LOCATION;
use super::hub::{CallContext, Credentials, Hub};
use crate::engine::Outcome;
use crate::ids::FlowId;

/// The ids of the connections that each owner of a flow selected.
#[derive(Clone, Debug)]
pub(crate) struct SelectedConnections {
    pub(crate) of_owner: (UserId, Vec<String>),
    pub(crate) of_co_owners: BTreeMap<UserId, Vec<String>>,
}

const fn workflow_path(flow: &str) -> [&str; 6] {
    ["providers", "Microsoft.Web", "locations", LOCATION, "logicflows", flow]
}

impl Hub {
    /// Grants a flow access to the connections with these ids, as far as the owner who selected
    /// each has access, and withdraws what it was granted otherwise.
    pub(crate) async fn grant_access(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        flow: FlowId,
        selected: &SelectedConnections,
    ) -> Result<(), Outcome> {
        let flow = flow.to_string();
        let (maker, connections) = &selected.of_owner;
        let mut body = json!({"properties": {"maker": maker, "connections": connections}});
        if !selected.of_co_owners.is_empty() {
            let co_owner = |(id, connections)| json!({"id": id, "connections": connections});
            body["properties"]["coOwners"] = selected.of_co_owners.iter().map(co_owner).collect();
        }
        let path = workflow_path(&flow);
        self.request_control_plane(context, credentials, Method::PUT, &path, &[], Some(&body)).await?;
        Ok(())
    }

    /// Withdraws all access policies of a flow that is deleted.
    pub(crate) async fn withdraw_access(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        flow: FlowId,
    ) -> Result<(), Outcome> {
        let id = flow.to_string();
        self.request_control_plane(context, credentials, Method::DELETE, &workflow_path(&id), &[], None)
            .await?;
        self.keys.retain(|(known, of, ..), _| (*known, *of) != (context.tenant, flow));
        Ok(())
    }
}
