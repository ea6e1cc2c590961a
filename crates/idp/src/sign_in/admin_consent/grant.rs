//! Records the permissions that an administrator granted.

use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::{AppRoleAssigned, ConsentGranted};

use super::request::{AdminConsentRequest, RequestedPermissions};
use crate::directory::{AppRoleAssignment, PrincipalType, User};
use crate::protocol::refusal::Refusal;
use crate::sign_in::authorize::{CONSENT_ATTEMPTS, consent_granted};
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
        for attempt in 1.. {
            let mut change = Change::new();
            for asked in &request.permissions {
                self.add_scopes(&mut change, request, asked, admin, now).await?;
                self.add_roles(&mut change, request, asked, admin, now).await?;
            }
            match self.idp.directory.commit(request.tenant.id, change).await {
                // Another consent to the same API was recorded at the same time.
                Err(error) if error.is_conflict() && attempt < CONSENT_ATTEMPTS => {}
                other => return Ok(other?),
            }
        }
        Ok(())
    }

    async fn add_scopes(
        &self,
        change: &mut Change,
        request: &AdminConsentRequest,
        asked: &RequestedPermissions,
        admin: &User,
        now: Instant,
    ) -> Result<(), Refusal> {
        if asked.scopes.is_empty() {
            return Ok(());
        }
        let (tenant, client) = (request.tenant.id, &request.application);
        let api = asked.resource.client_id;
        let grant = (client.client_id, api);
        change.add(self.idp.directory.add_to_grant(tenant, grant, None, &asked.scopes).await?);
        let granted = ConsentGranted {
            consent_type: Some("AllPrincipals".to_owned()),
            ..consent_granted(admin, client, &asked.name, &asked.scopes)
        };
        let event = Event::new(tenant, now, Subject::user(admin.id), &self.trace, granted);
        change.append(self.idp.chassis.journal.entry(&event));
        Ok(())
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
            change.add(assignment.insertion_once(tenant));
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
