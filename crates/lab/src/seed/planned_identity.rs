//! A managed identity of a tenant, and its specification for the identity provider.

use outlive_clock::{ClientId, ServicePrincipalId, TenantId};
use outlive_wire::managed_identity::{AssignedRolesSpec, IdentityEndpointSpec, ManagedIdentitySpec};

use super::file::SeedFile;
use super::ids::Ids;
use super::managed_identity::SeedManagedIdentity;
use super::secrets::DrawnSecrets;

/// A managed identity of a tenant. Contains a secret: no `Debug`.
#[derive(Clone)]
pub struct PlannedIdentity {
    /// Display name.
    pub name: String,
    pub client_id: ClientId,
    pub principal_id: ServicePrincipalId,
    /// Azure resource id.
    pub resource_id: String,
    pub user_assigned: bool,
    /// The secret of the identity endpoint of its function app.
    pub header: Option<String>,
    /// The names of the function apps that it is assigned to.
    pub assigned_to: Vec<String>,
}

impl PlannedIdentity {
    /// Returns the managed identities of a tenant.
    pub(super) fn all(file: &SeedFile, tenant: TenantId, ids: &Ids, secrets: &DrawnSecrets) -> Vec<Self> {
        let plan = |seeded: &SeedManagedIdentity| {
            let name = &seeded.name.value;
            Self {
                name: name.clone(),
                client_id: ClientId::from_uuid(ids.of(seeded.client_id.uuid())),
                principal_id: ServicePrincipalId::from_uuid(ids.of(seeded.service_principal_id.uuid())),
                resource_id: resource_id(tenant, name, seeded.user_assigned),
                user_assigned: seeded.user_assigned,
                header: secrets.identity_headers.get(name).cloned().filter(|_| !seeded.user_assigned),
                assigned_to: seeded.assigned_to.iter().map(|name| name.value.clone()).collect(),
            }
        };
        file.managed_identities.iter().map(plan).collect()
    }

    /// Returns the specification for the identity provider.
    pub(super) fn spec(
        &self,
        seeded: &SeedManagedIdentity,
        client_of: &dyn Fn(&str) -> ClientId,
    ) -> ManagedIdentitySpec {
        let roles = seeded.roles.iter().map(|assigned| AssignedRolesSpec {
            resource: client_of(&assigned.api.value),
            roles: assigned.roles.clone(),
        });
        ManagedIdentitySpec {
            client_id: self.client_id,
            service_principal_id: self.principal_id,
            name: self.name.clone(),
            resource_id: self.resource_id.clone(),
            user_assigned: self.user_assigned,
            roles: roles.collect(),
        }
    }

    /// Returns the identity endpoint of its function app, whose id is that of its service principal.
    pub(super) fn endpoint(&self, all: &[Self]) -> Option<IdentityEndpointSpec> {
        let assigned =
            all.iter().filter(|other| other.user_assigned && other.assigned_to.contains(&self.name));
        Some(IdentityEndpointSpec {
            id: self.principal_id.uuid(),
            resource_id: self.resource_id.clone(),
            header: self.header.as_deref()?.into(),
            system_assigned: Some(self.client_id),
            user_assigned: assigned.map(|identity| identity.client_id).collect(),
        })
    }
}

/// Returns the Azure resource id of an identity, or of the function app that it belongs to. A tenant
/// has one subscription, with the id of the tenant.
fn resource_id(tenant: TenantId, name: &str, user_assigned: bool) -> String {
    let slug: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let kind = if user_assigned {
        "Microsoft.ManagedIdentity/userAssignedIdentities"
    } else {
        "Microsoft.Web/sites"
    };
    format!("/subscriptions/{tenant}/resourcegroups/lab/providers/{kind}/{slug}")
}
