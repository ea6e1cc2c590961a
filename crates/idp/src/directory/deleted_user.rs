//! Users who were deleted: kept for thirty days, in which they can be restored, then gone.

use outlive_clock::{Instant, Span, TenantId, UserId};
use outlive_store::{Statement, StoreError, sql};

use super::{Directory, User};

/// For how long a deleted user is kept ("Delete a user": soft-deleted for 30 days).
pub(crate) const KEPT_AFTER_DELETION: Span = Span::from_days(30);

impl Directory {
    /// When the next deleted user is to be removed for good.
    pub(crate) async fn next_removal(&self, tenant: TenantId) -> Result<Option<Instant>, StoreError> {
        let row = self.store.row(sql!(
            "SELECT deleted_us FROM users WHERE tenant = $1 AND deleted_us IS NOT NULL ORDER BY deleted_us LIMIT 1",
            tenant
        ));
        let deleted_at = row.await?.map(|row| row.instant("deleted_us")).transpose()?;
        Ok(deleted_at.map(|at| at + KEPT_AFTER_DELETION))
    }

    /// The user who was deleted first, if that was long enough ago.
    pub(crate) async fn to_be_removed(
        &self,
        tenant: TenantId,
        now: Instant,
    ) -> Result<Option<(UserId, Instant)>, StoreError> {
        let row = self.store.row(sql!(
            "SELECT id, deleted_us FROM users WHERE tenant = $1 AND deleted_us <= $2 ORDER BY deleted_us LIMIT 1",
            tenant,
            now - KEPT_AFTER_DELETION
        ));
        row.await?.map(|row| Ok((row.parse("id")?, row.instant("deleted_us")?))).transpose()
    }
}

impl User {
    /// The statements that remove a user with all that is about them.
    pub(crate) fn removal(tenant: TenantId, user: UserId) -> Vec<Statement> {
        vec![
            sql!("DELETE FROM group_members WHERE tenant = $1 AND user_id = $2", tenant, user),
            sql!("DELETE FROM app_role_assignments WHERE tenant = $1 AND principal = $2", tenant, user),
            sql!("DELETE FROM permission_grants WHERE tenant = $1 AND principal = $2", tenant, user),
            sql!("DELETE FROM passkeys WHERE tenant = $1 AND user_id = $2", tenant, user),
            sql!("DELETE FROM sessions WHERE tenant = $1 AND user_id = $2", tenant, user),
            sql!("DELETE FROM users WHERE tenant = $1 AND id = $2 AND deleted_us IS NOT NULL", tenant, user)
                .expect_rows(1),
        ]
    }

    /// Takes a sign-in name from a deleted user who still has it, so that another can have it: the deleted one is then called by
    /// the object id before it.
    pub(crate) fn release_name(tenant: TenantId, upn: &str) -> Statement {
        sql!(
            "UPDATE users SET upn = replace(id, '-', '') || upn, revision = revision + 1 \
             WHERE tenant = $1 AND upn = $2 AND deleted_us IS NOT NULL",
            tenant,
            upn.to_lowercase()
        )
    }

    /// The sign-in name that a deleted user had before it was released.
    pub(crate) fn name_before_release(&self) -> &str {
        self.upn.strip_prefix(&self.id.uuid().simple().to_string()).unwrap_or(&self.upn)
    }
}
