//! Identity endpoints: where an Azure resource gets tokens for its managed identities.

use outlive_clock::{ClientId, TenantId};
use outlive_store::{Statement, StoreError, sql};
use outlive_wire::managed_identity::IdentityEndpointSpec;
use serde_json::json;
use uuid::Uuid;

use super::ClientSecrets;
use super::cached_store::Directory;

#[derive(Debug, Clone)]
pub(crate) struct IdentityEndpoint {
    pub(crate) id: Uuid,
    /// The Azure resource id of the resource.
    pub(crate) resource_id: String,
    /// The keyed hash of the secret that requests contain.
    pub(crate) header_hash: String,
    pub(crate) system_assigned: Option<ClientId>,
    pub(crate) user_assigned: Vec<ClientId>,
}

impl IdentityEndpoint {
    pub(super) fn of_spec(spec: IdentityEndpointSpec, secrets: &ClientSecrets) -> Self {
        Self {
            header_hash: secrets.identity_header_hash(spec.id, spec.header.expose()),
            id: spec.id,
            resource_id: spec.resource_id,
            system_assigned: spec.system_assigned,
            user_assigned: spec.user_assigned,
        }
    }

    /// Inserts or replaces the endpoint.
    pub(crate) fn upsert(&self, tenant: TenantId) -> Statement {
        sql!(
            "INSERT INTO identity_endpoints (tenant, id, resource_id, header_hash, system_assigned, user_assigned) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (tenant, id) DO UPDATE SET resource_id = excluded.resource_id, \
             header_hash = excluded.header_hash, system_assigned = excluded.system_assigned, \
             user_assigned = excluded.user_assigned",
            tenant,
            self.id.to_string(),
            &self.resource_id,
            &self.header_hash,
            self.system_assigned.map(|client| client.to_string()),
            json!(self.user_assigned)
        )
    }
}

pub(crate) fn delete_identity_endpoint(tenant: TenantId, id: Uuid) -> Statement {
    sql!("DELETE FROM identity_endpoints WHERE tenant = $1 AND id = $2", tenant, id.to_string())
}

impl Directory {
    pub(crate) async fn identity_endpoint(
        &self,
        tenant: TenantId,
        id: Uuid,
    ) -> Result<Option<IdentityEndpoint>, StoreError> {
        let row = self.read(sql!(
            "SELECT resource_id, header_hash, system_assigned, user_assigned FROM identity_endpoints \
             WHERE tenant = $1 AND id = $2",
            tenant,
            id.to_string()
        ));
        let Some(row) = row.await? else { return Ok(None) };
        Ok(Some(IdentityEndpoint {
            id,
            resource_id: row.text("resource_id")?,
            header_hash: row.text("header_hash")?,
            system_assigned: row.opt_parse("system_assigned")?,
            user_assigned: row.json("user_assigned")?,
        }))
    }
}
