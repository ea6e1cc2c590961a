//! The managed identities in a seed file, and those of a planned tenant.

use outlive_clock::{ClientId, ServicePrincipalId, TenantId};
use outlive_wire::managed_identity::{AssignedRolesSpec, IdentityEndpointSpec, ManagedIdentitySpec};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::DrawnSecrets;
use super::file::SeedFile;
use super::ids::Ids;

/// A managed identity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedManagedIdentity {
    /// Display name. One that is not user-assigned belongs to a function app of this name, whose
    /// identity endpoint is in the tenant credentials.
    pub name: Spanned<String>,
    /// Client id.
    pub client_id: ClientId,
    /// Object id of the service principal.
    pub service_principal_id: ServicePrincipalId,
    /// Whether it is a resource of its own.
    #[serde(default)]
    pub user_assigned: bool,
    /// The function apps that a user-assigned identity is assigned to.
    #[serde(default)]
    pub assigned_to: Vec<Spanned<String>>,
    /// The app roles that it has.
    #[serde(default)]
    pub roles: Vec<SeedRoles>,
}

/// App roles of one API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRoles {
    /// The API, by name, or `Microsoft Graph`.
    pub api: Spanned<String>,
    /// The roles.
    pub roles: Vec<String>,
}

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
