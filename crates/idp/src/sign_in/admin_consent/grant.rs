//! Records the permissions that an administrator granted.

use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::AppRoleAssigned;

use super::request::{AdminConsentRequest, RequestedPermissions};
use crate::directory::{AppRoleAssignment, PrincipalType, User};
use crate::protocol::refusal::Refusal;
use crate::sign_in::consents::Consent;
use crate::visit::Visit;

impl Visit {
    /// Grants the delegated permissions to all principals and assigns the app roles to the service
    /// principal, in addition to what was granted before.
    pub(super) async fn grant_for_everybody(
        &self,
        request: &AdminConsentRequest,
        admin: &User,
        now: Instant,
    ) -> Result<(), Refusal> {
        let mut change = Change::new();
        for asked in &request.permissions {
            self.add_roles(&mut change, request, asked, admin, now).await?;
        }
        let delegated = request.permissions.iter().filter(|asked| !asked.scopes.is_empty());
        let consents = delegated.map(|asked| Consent {
            api: asked.resource.clone(),
            resource: asked.name.clone(),
            scopes: asked.scopes.clone(),
        });
        let consents: Vec<_> = consents.collect();
        Ok(self.record_consents(&request.application, admin, true, &consents, &change, now).await?)
    }

    async fn add_roles(
        &self,
        change: &mut Change,
        request: &AdminConsentRequest,
        asked: &RequestedPermissions,
        admin: &User,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (tenant, client) = (request.tenant.id, &request.application);
        let api = asked.resource.client_id;
        let held = self.idp.directory.assigned_roles(tenant, client.client_id, api).await?;
        for role in asked.roles.iter().filter(|role| !held.contains(role)) {
            let assignment = AppRoleAssignment {
                principal: client.service_principal_id.uuid(),
                principal_type: PrincipalType::ServicePrincipal,
                resource: api,
                role: role.clone(),
                created_at: now,
            };
            change.add(assignment.insert_if_absent(tenant));
            let assigned = AppRoleAssigned {
                client_id: api,
                principal: assignment.principal,
                principal_type: assignment.principal_type.name().to_owned(),
                role: role.clone(),
                upn: Some(admin.upn.clone()),
                actor: None,
            };
            let event = Event::new(tenant, now, Subject::client(api), &self.trace, assigned);
            change.append(self.idp.chassis.journal.entry(&event));
        }
        Ok(())
    }
}
