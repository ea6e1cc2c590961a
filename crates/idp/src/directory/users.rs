//! Finds users.

use outlive_clock::{TenantId, UserId};
use outlive_store::{Row, Statement, StoreError};

use super::cached_store::Directory;
use super::user::User;

macro_rules! select_users {
    ($where:literal) => {
        concat!(
            "SELECT tenant, id, upn, display_name, role, directory_roles, password_hash, password_changed_us, \
             password_expired, must_change_password, enabled, deleted_us, revocations, sessions_valid_from_us, \
             lockout, profile, second_factor, revision FROM users ",
            $where
        )
    };
}

fn user_of(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        tenant: row.parse("tenant")?,
        id: row.parse("id")?,
        upn: row.text("upn")?,
        display_name: row.text("display_name")?,
        role: row.text("role")?,
        directory_roles: row.json("directory_roles")?,
        password_hash: row.text("password_hash")?,
        password_changed_at: row.instant("password_changed_us")?,
        password_expired: row.flag("password_expired")?,
        must_change_password: row.flag("must_change_password")?,
        enabled: row.flag("enabled")?,
        deleted_at: row.opt_instant("deleted_us")?,
        revocations: row.json("revocations")?,
        sessions_valid_from: row.instant("sessions_valid_from_us")?,
        lockout: row.json("lockout")?,
        profile: row.json("profile")?,
        second_factor: row.json("second_factor")?,
        revision: row.int("revision")?,
    })
}

impl Directory {
    /// Finds a user by object id, deleted or not.
    pub(crate) async fn user(&self, tenant: TenantId, id: UserId) -> Result<Option<User>, StoreError> {
        let read = async {
            let row = self.store.row(Statement::new(
                select_users!("WHERE tenant = $1 AND id = $2"),
                vec![tenant.into(), id.into()],
            ));
            row.await?.as_ref().map(user_of).transpose()
        };
        self.memory.users.get_or_read(tenant, id, read).await
    }

    /// Finds a user by sign-in name, ignoring case, deleted or not: a deleted user keeps the name.
    pub(crate) async fn user_by_upn(&self, tenant: TenantId, upn: &str) -> Result<Option<User>, StoreError> {
        let upn = upn.trim().to_lowercase();
        let row = self.store.row(Statement::new(
            select_users!("WHERE tenant = $1 AND upn = $2"),
            vec![tenant.into(), upn.into()],
        ));
        row.await?.as_ref().map(user_of).transpose()
    }

    /// Returns deleted or active users after `after`, ordered by id.
    pub(crate) async fn users_after(
        &self,
        tenant: TenantId,
        deleted: bool,
        after: &str,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let select = if deleted {
            select_users!("WHERE tenant = $1 AND deleted_us IS NOT NULL AND id > $2 ORDER BY id LIMIT $3")
        } else {
            select_users!("WHERE tenant = $1 AND deleted_us IS NULL AND id > $2 ORDER BY id LIMIT $3")
        };
        let rows =
            self.store.rows(Statement::new(select, vec![tenant.into(), after.into(), limit.into()])).await?;
        rows.iter().map(user_of).collect()
    }

    /// Returns users with this ASCII name, ignoring case, ordered by id.
    pub(crate) async fn users_by_name(
        &self,
        tenant: TenantId,
        name: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let select = select_users!(
            "WHERE tenant = $1 AND LOWER(display_name) = $2 AND deleted_us IS NULL AND id > $3 ORDER BY id LIMIT $4"
        );
        let values = vec![tenant.into(), name.to_ascii_lowercase().into(), after.into(), limit.into()];
        self.store.rows(Statement::new(select, values)).await?.iter().map(user_of).collect()
    }
}
