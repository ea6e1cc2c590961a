//! The access of flows to connections, which the hub grants and withdraws.

use http::Method;
use outlive_clock::UserId;
use serde_json::json;

use super::call::LOCATION;
use super::hub::{CallContext, Credentials, Hub};
use crate::engine::Outcome;
use crate::ids::FlowId;

const fn workflow_path(flow: &str) -> [&str; 6] {
    ["providers", "Microsoft.Web", "locations", LOCATION, "logicflows", flow]
}

impl Hub {
    /// Grants a flow access to the connections with these ids, as far as `maker` has access, and
    /// withdraws what it was granted otherwise.
    pub(crate) async fn grant_access(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        flow: FlowId,
        maker: UserId,
        connections: &[String],
    ) -> Result<(), Outcome> {
        let flow = flow.to_string();
        let body = json!({"properties": {"maker": maker, "connections": connections}});
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
        self.keys.retain(|(known, of, _), _| (*known, *of) != (context.tenant, flow));
        Ok(())
    }
}
