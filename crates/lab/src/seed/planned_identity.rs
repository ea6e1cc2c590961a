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

    /// Returns the identity endpoint of its function app, whose id is that of its service
    /// principal.
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

/// Returns the Azure resource id of an identity, or of the function app that it belongs to. A
/// tenant has one subscription, with the id of the tenant.
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

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;
    use outlive_wire::managed_identity::IDENTITY_HEADER_CHARS;

    use super::*;
    use crate::seed::Seed;

    fn planned(tenant: &str) -> Vec<PlannedIdentity> {
        let file = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}")).file;
        let tenant = tenant.parse().expect("a tenant id");
        let secrets = DrawnSecrets::draw(&file, &Randomness::from_seed(1));
        PlannedIdentity::all(&file, tenant, &Ids::of_tenant(tenant, &file), &secrets)
    }

    #[test]
    fn a_function_app_has_an_endpoint_for_its_own_identity_and_those_assigned_to_it() {
        let all = planned("c0470500-0000-4000-8000-000000000001");
        let [function, reader] = all.as_slice() else { panic!("{} identities", all.len()) };
        let endpoint = function.endpoint(&all).expect("it is not user-assigned");
        assert_eq!(function.client_id.to_string(), "c0470500-0000-4000-8002-00000000000a");
        assert_eq!(endpoint.id, function.principal_id.uuid());
        assert_eq!(endpoint.header.expose().len(), IDENTITY_HEADER_CHARS);
        assert_eq!(
            (endpoint.system_assigned, endpoint.user_assigned),
            (Some(function.client_id), vec![reader.client_id])
        );
        assert!(reader.endpoint(&all).is_none());
        assert!(
            function.resource_id.ends_with("/Microsoft.Web/sites/orders-function"),
            "{}",
            function.resource_id
        );
    }

    #[test]
    fn another_tenant_has_ids_of_its_own() {
        let (one, two) = (
            planned("c0470500-0000-4000-8000-000000000001"),
            planned("12345678-0000-4000-8000-000000000001"),
        );
        for (one, two) in one.iter().zip(&two) {
            assert_ne!(one.client_id, two.client_id);
            assert_ne!(one.principal_id, two.principal_id);
            assert_ne!(one.resource_id, two.resource_id);
        }
    }
}
