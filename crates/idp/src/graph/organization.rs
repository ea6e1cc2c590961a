//! The organization: the tenant of the caller.

use outlive_clock::TenantId;

use super::permissions::{READ_ORGANIZATION, READ_WHOLE_ORGANIZATION};
use super::prelude::*;
use crate::directory::Tenant;

pub(super) fn router() -> Router<Idp> {
    Router::new().read_only("/organization", list).route("/organization/{id}", get(show))
}

entity_type! {
    /// "organization resource type". It has no `createdDateTime`: the directory does not store when
    /// the tenant was created.
    ORGANIZATION = "microsoft.graph.organization" in "organization",
    fn resource(tenant: &Tenant, whole: bool) {
        "id" => tenant.id,
        "displayName" => tenant.display_name,
        "tenantType" => whole.then_some("AAD"),
        "verifiedDomains" => [json!({
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": true,
            "isInitial": true,
            "name": tenant.domain,
            "type": "Managed",
        })],
    }
}

/// Returns the organization with the properties that the caller may read: with `User.Read` alone,
/// all but id, name and domains are null ("List organizations").
fn readable(caller: &Caller) -> Result<Value> {
    caller.allowed(&READ_ORGANIZATION)?;
    Ok(resource(&caller.tenant, caller.is_allowed(&READ_WHOLE_ORGANIZATION)))
}

async fn list(caller: Caller) -> Answer {
    whole_collection(&caller, &ORGANIZATION, std::iter::once(readable(&caller)?))
}

async fn show(caller: Caller, Path(id): Path<String>) -> Answer {
    let organization = readable(&caller)?;
    if parse_id::<TenantId>(&id)? != caller.tenant.id {
        return Err(GraphError::not_found(id));
    }
    caller.entity(&ORGANIZATION, &organization)
}
