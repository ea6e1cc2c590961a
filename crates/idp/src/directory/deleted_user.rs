//! Deleted users, who can be restored for thirty days.

use outlive_clock::{Instant, Span, TenantId, UserId};
use outlive_store::{Change, Statement, StoreError, sql};

use super::{Directory, User};

/// How long a deleted user is retained ("Delete a user": soft-deleted for 30 days).
pub(crate) const KEPT_AFTER_DELETION: Span = Span::from_days(30);

impl Directory {
    /// Returns when the next deleted user is due for permanent removal.
    pub(crate) async fn next_removal(&self, tenant: TenantId) -> Result<Option<Instant>, StoreError> {
        let row = self.store.row(sql!(
            "SELECT deleted_us FROM users WHERE tenant = $1 AND deleted_us IS NOT NULL ORDER BY deleted_us LIMIT 1",
            tenant
        ));
        let deleted_at = row.await?.map(|row| row.instant("deleted_us")).transpose()?;
        Ok(deleted_at.map(|at| at + KEPT_AFTER_DELETION))
    }

    /// Returns the earliest deleted user whose retention has ended.
    pub(crate) async fn next_expired_user(
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
    /// Returns the statements that remove a user and all dependent rows.
    pub(crate) fn delete_permanently(tenant: TenantId, user: UserId) -> Change {
        let mut change = Change::new();
        for sql in [
            "DELETE FROM group_members WHERE tenant = $1 AND user_id = $2",
            "DELETE FROM app_role_assignments WHERE tenant = $1 AND principal = $2",
            "DELETE FROM permission_grants WHERE tenant = $1 AND principal = $2",
            "DELETE FROM passkeys WHERE tenant = $1 AND user_id = $2",
            "DELETE FROM sessions WHERE tenant = $1 AND user_id = $2",
        ] {
            change.add(Statement::new(sql, vec![tenant.into(), user.into()]));
        }
        change.add(
            sql!("DELETE FROM users WHERE tenant = $1 AND id = $2 AND deleted_us IS NOT NULL", tenant, user)
                .expect_rows(1),
        );
        change
    }

    /// Frees the sign-in name of a deleted user for a new user: the deleted user's name gets the
    /// object id as a prefix.
    pub(crate) fn release_name(tenant: TenantId, upn: &str) -> Statement {
        sql!(
            "UPDATE users SET upn = replace(id, '-', '') || upn, revision = revision + 1 \
             WHERE tenant = $1 AND upn = $2 AND deleted_us IS NOT NULL",
            tenant,
            upn.to_lowercase()
        )
    }

    /// Returns the deleted user's original sign-in name.
    pub(crate) fn name_before_release(&self) -> &str {
        self.upn.strip_prefix(&self.id.uuid().simple().to_string()).unwrap_or(&self.upn)
    }
}
