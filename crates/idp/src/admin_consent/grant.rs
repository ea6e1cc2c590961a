//! Records the permissions that an administrator granted.

use std::collections::BTreeSet;

use outlive_clock::Instant;
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::{AppRoleAssigned, ConsentGranted};

use super::asked::{AdminConsentRequest, AskedOfOrganization};
use crate::authorize::consent_granted;
use crate::directory::{ALL_PRINCIPALS, AppRoleAssignment, PrincipalType, User, grant_scopes};
use crate::refusal::Refusal;
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
        for asked in &request.asked {
            self.add_scopes(&mut change, request, asked, admin, now).await?;
            self.add_roles(&mut change, request, asked, admin, now).await?;
        }
        Ok(self.idp.directory.commit(request.tenant.id, change).await?)
    }

    async fn add_scopes(
        &self,
        change: &mut Change,
        request: &AdminConsentRequest,
        asked: &AskedOfOrganization,
        admin: &User,
        now: Instant,
    ) -> Result<(), Refusal> {
        if asked.scopes.is_empty() {
            return Ok(());
        }
        let (tenant, client) = (request.tenant.id, &request.application);
        let api = asked.resource.client_id;
        let before = self.idp.directory.permission_grant(tenant, client.client_id, api, None).await?;
        let mut scopes: BTreeSet<String> = asked.scopes.clone();
        let before = before.map(|grant| grant.scope).unwrap_or_default();
        scopes.extend(before.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned));
        for statement in grant_scopes(tenant, client.client_id, api, ALL_PRINCIPALS, &scopes) {
            change.add(statement);
        }
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
        asked: &AskedOfOrganization,
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
