//! The managed identities of a flow, in the shape of the `identity` of an Azure resource.
//!
//! The identity provider creates the identity that belongs to a flow when the flow is saved, and
//! deletes it with the flow. Any maker can use any user-assigned identity of the tenant: what an
//! identity may do is an administrator's decision (docs/flows.md).

use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::TenantId;
use outlive_tokens::Secret;
use outlive_wire::managed_identity::{AssignedIdentities, AssignedIdentity, ResourceIdentities};
use serde_json::{Value, json};

use super::mistakes::{Mistake, SaveError};
use super::saving::Actor;
use super::state::Flows;
use super::stored_identity::{IDENTITY, StoredIdentity};
use super::wanted_identity::WantedIdentity;
use crate::ids::FlowId;

/// Returns the Azure resource id of a flow.
fn resource_id(tenant: TenantId, flow: FlowId) -> String {
    format!("/subscriptions/{tenant}/resourcegroups/lab/providers/Microsoft.Logic/workflows/{flow}")
}

/// Returns the `identity` of a flow in responses, if it has one.
pub(crate) fn shown(tenant: TenantId, document: &Value) -> Option<Value> {
    let AssignedIdentities { system_assigned, user_assigned } = StoredIdentity::of(document)?.assigned;
    let kinds = [("SystemAssigned", system_assigned.is_some()), ("UserAssigned", !user_assigned.is_empty())];
    let kinds: Vec<_> = kinds.into_iter().filter(|(_, has)| *has).map(|(kind, _)| kind).collect();
    let mut identity = json!({"type": kinds.join(", ")});
    if let Some(AssignedIdentity { principal_id, .. }) = system_assigned {
        identity["principalId"] = json!(principal_id);
        identity["tenantId"] = json!(tenant);
    }
    if !user_assigned.is_empty() {
        let ids = user_assigned.into_iter().map(|(id, AssignedIdentity { client_id, principal_id })| {
            (id, json!({"clientId": client_id, "principalId": principal_id}))
        });
        identity["userAssignedIdentities"] = Value::Object(ids.collect());
    }
    Some(identity)
}

impl Flows {
    /// Sets the identities of a flow in the directory, and in its document.
    pub(super) async fn set_identity(
        &self,
        actor: &Actor<'_>,
        (flow, name): (FlowId, &str),
        wanted: &WantedIdentity,
        document: &mut Value,
    ) -> Result<(), SaveError> {
        let known = StoredIdentity::of(document);
        if wanted.is_none() {
            if known.is_some() {
                self.remove_identity(actor, flow, document).await?;
            }
            if let Some(members) = document.as_object_mut() {
                members.remove(IDENTITY);
            }
            return Ok(());
        }
        let tenant = actor.tenant;
        let header = known.map_or_else(|| self.new_header(tenant), |known| known.header);
        let wanted = ResourceIdentities {
            resource_id: resource_id(tenant, flow),
            name: name.to_owned(),
            header: Secret::new(header.clone()),
            system_assigned: wanted.system_assigned,
            user_assigned: wanted.user_assigned.clone(),
        };
        let authorization = self.chassis.lab_authorization();
        let put = self.hub.put_identity(&actor.context(), authorization, flow, &wanted).await;
        let assigned = put.map_err(|failure| match failure.status {
            Some(400) => SaveError::Mistakes(vec![Mistake::property("identity", failure.message)]),
            _ => unreachable(&failure.message).into(),
        })?;
        document[IDENTITY] = json!(StoredIdentity { assigned, header });
        Ok(())
    }

    /// Deletes the identity of a flow, if it has one. Identities that were assigned to it remain.
    pub(super) async fn remove_identity(
        &self,
        actor: &Actor<'_>,
        flow: FlowId,
        document: &Value,
    ) -> Result<(), Problem> {
        if StoredIdentity::of(document).is_none() {
            return Ok(());
        }
        let authorization = self.chassis.lab_authorization();
        let removed = self.hub.delete_identity(&actor.context(), authorization, flow).await;
        removed.map_err(|failure| unreachable(&failure.message))
    }

    fn new_header(&self, tenant: TenantId) -> String {
        let mut stream = self.chassis.random.of(tenant).stream("identity-header");
        format!("{}{}", stream.uuid().simple(), stream.uuid().simple())
    }
}

fn unreachable(why: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "FailedIdentityOperation",
        format!("The identity of the flow could not be changed: {why} Try again."),
    )
}
