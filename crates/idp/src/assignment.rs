//! Applications that ask for an assignment (`appRoleAssignmentRequired`): only who holds a role of theirs, or is assigned without
//! one, gets in.

use outlive_clock::{TenantId, UserId};
use outlive_rules::aadsts;
use outlive_store::{StoreError, sql};

use crate::directory::{Application, Directory};
use crate::refusal::Refusal;

/// Refuses a user who is not assigned to an application that asks for it. Nothing is read for one that does not.
pub(crate) async fn check_user(
    directory: &Directory,
    tenant: TenantId,
    user: UserId,
    application: &Application,
) -> Result<(), Refusal> {
    if !application.document.assignment_required || directory.is_assigned(tenant, user, application).await? {
        return Ok(());
    }
    Err(Refusal::new(aadsts::NOT_ASSIGNED)
        .with("client", application.client_id)
        .with("client_name", &application.name))
}

/// Refuses an application that acts for itself at an API that asks for an assignment and gave it no role.
pub(crate) fn check_application(
    client: &Application,
    resource: &Application,
    roles: &[String],
) -> Result<(), Refusal> {
    if !resource.document.assignment_required || !roles.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(aadsts::APP_NOT_ASSIGNED)
        .with("client", client.client_id)
        .with("client_name", &client.name)
        .with("resource", resource.client_id)
        .with("resource_name", &resource.name))
}

impl Directory {
    /// Whether a user is assigned to an application, by themselves or through a group, with a role or without.
    async fn is_assigned(
        &self,
        tenant: TenantId,
        user: UserId,
        application: &Application,
    ) -> Result<bool, StoreError> {
        let row = self.read(sql!(
            "SELECT role FROM app_role_assignments \
             WHERE tenant = $1 AND resource_id = $2 AND (principal = $3 OR principal IN \
             (SELECT group_id FROM group_members WHERE tenant = $1 AND user_id = $3)) LIMIT 1",
            tenant,
            application.client_id,
            user
        ));
        Ok(row.await?.is_some())
    }
}
