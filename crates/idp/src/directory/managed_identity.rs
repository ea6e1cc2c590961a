//! Managed identities. Each is a row of applications: a service principal without a registration.

use std::sync::Arc;

use outlive_clock::{ClientId, Instant, ServicePrincipalId, TenantId};
use outlive_store::{Change, Statement, StoreError, sql};
use outlive_wire::managed_identity::ManagedIdentitySpec;

use super::cached_store::Directory;
use super::spec::ApplicationKind;
use super::{AppRoleAssignment, Application, ApplicationDocument, ManagedIdentity, PrincipalType};

/// Returns a managed identity. Its object id is that of its service principal.
pub(crate) fn managed_identity(
    client_id: ClientId,
    service_principal_id: ServicePrincipalId,
    name: &str,
    identity: ManagedIdentity,
) -> Application {
    let kind = ApplicationKind::Daemon;
    let document = ApplicationDocument {
        managed_identity: Some(identity),
        ..ApplicationDocument::empty(service_principal_id.uuid(), kind)
    };
    Application {
        client_id,
        service_principal_id,
        name: name.to_owned(),
        enabled: true,
        document: Arc::new(document),
        revision: 0,
    }
}

/// Inserts a managed identity; conflicts if another has its resource id.
pub(crate) fn insert(tenant: TenantId, identity: &Application) -> Change {
    let resource_id = identity.document.managed_identity.as_ref().map(|found| found.resource_id.as_str());
    let mut change = Change::from(insert_name(tenant, resource_id.unwrap_or_default(), identity.client_id));
    change.append(identity.insert(tenant));
    change
}

fn insert_name(tenant: TenantId, resource_id: &str, client_id: ClientId) -> Statement {
    sql!(
        "INSERT INTO managed_identities (tenant, resource_id, client_id) VALUES ($1, $2, $3)",
        tenant,
        resource_id.to_ascii_lowercase(),
        client_id
    )
}

/// Inserts a managed identity of a tenant specification with its app roles.
pub(super) fn insert_seeded(tenant: TenantId, spec: &ManagedIdentitySpec, now: Instant) -> Change {
    let ManagedIdentitySpec { client_id, service_principal_id, name, .. } = spec;
    let identity =
        ManagedIdentity { resource_id: spec.resource_id.clone(), user_assigned: spec.user_assigned };
    let mut change = insert(tenant, &managed_identity(*client_id, *service_principal_id, name, identity));
    for assigned in &spec.roles {
        for role in &assigned.roles {
            let assignment = AppRoleAssignment {
                principal: service_principal_id.uuid(),
                principal_type: PrincipalType::ServicePrincipal,
                resource: assigned.resource,
                role: role.clone(),
                created_at: now,
            };
            change.add(assignment.insert(tenant));
        }
    }
    change
}

impl Directory {
    /// Returns the managed identity with this Azure resource id; the case of letters is ignored.
    pub(crate) async fn managed_identity(
        &self,
        tenant: TenantId,
        resource_id: &str,
    ) -> Result<Option<Application>, StoreError> {
        let row = self.read(sql!(
            "SELECT client_id FROM managed_identities WHERE tenant = $1 AND resource_id = $2",
            tenant,
            resource_id.to_ascii_lowercase()
        ));
        match row.await? {
            Some(row) => self.application(tenant, row.parse("client_id")?).await,
            None => Ok(None),
        }
    }
}
