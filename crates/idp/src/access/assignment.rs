//! Applications that require assignment (`appRoleAssignmentRequired`): only users with an
//! assignment, directly or through a group, can sign in.

use outlive_clock::{TenantId, UserId};
use outlive_rules::aadsts;
use outlive_store::{StoreError, sql};

use crate::directory::{Application, Directory};
use crate::protocol::refusal::Refusal;

/// Refuses a user who is not assigned to an application that requires assignment. Reads nothing for
/// other applications.
pub(crate) async fn check_user(
    directory: &Directory,
    tenant: TenantId,
    user: UserId,
    application: &Application,
) -> Result<(), Refusal> {
    if !application.document.assignment_required
        || directory.has_assignment(tenant, user, application).await?
    {
        return Ok(());
    }
    Err(Refusal::new(aadsts::NOT_ASSIGNED).with_client(application.client_id, &application.name))
}

/// Refuses an app-only request for an API that requires assignment and has assigned no role to the
/// client.
pub(crate) fn check_application(
    client: &Application,
    resource: &Application,
    roles: &[String],
) -> Result<(), Refusal> {
    if !resource.document.assignment_required || !roles.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(aadsts::APP_NOT_ASSIGNED)
        .with_client(client.client_id, &client.name)
        .with("resource", resource.client_id)
        .with("resource_name", &resource.name))
}

impl Directory {
    /// Returns whether a user has an assignment to an application, directly or through a group.
    async fn has_assignment(
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
