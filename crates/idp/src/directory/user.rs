//! Users.

use outlive_clock::{Instant, Span, TenantId, UserId};
use outlive_rules::smart_lockout::Lockout;
use outlive_rules::{RevocationEvents, UserFacts};
use outlive_store::{Row, Statement, StoreError, sql};

use super::{Directory, Tenant, UserProfile};
use crate::second_factor::SecondFactor;

/// The longest sign-in name, in characters ("Password policies and account restrictions in
/// Microsoft Entra ID").
const UPN_CHARS_MAX: usize = 113;

/// Shortens a typed sign-in name for journal and messages. A shortened name is marked, so that it
/// cannot be a user's name.
pub(crate) fn shortened_name(typed: &str) -> String {
    match typed.char_indices().nth(UPN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &typed[..end]),
        None => typed.to_owned(),
    }
}

/// A user object.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) tenant: TenantId,
    pub(crate) id: UserId,
    pub(crate) upn: String,
    pub(crate) display_name: String,
    pub(crate) role: String,
    pub(crate) directory_roles: Vec<String>,
    pub(crate) password_hash: String,
    pub(crate) password_changed_at: Instant,
    pub(crate) password_expired: bool,
    pub(crate) must_change_password: bool,
    pub(crate) enabled: bool,
    pub(crate) deleted_at: Option<Instant>,
    pub(crate) revocations: RevocationEvents,
    pub(crate) sessions_valid_from: Instant,
    pub(crate) lockout: Lockout,
    pub(crate) profile: UserProfile,
    pub(crate) second_factor: SecondFactor,
    /// The revision that was read; an update fails if it is outdated.
    pub(crate) revision: i64,
}

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

impl User {
    /// Returns the user's facts for the rules.
    pub(crate) fn facts(&self) -> UserFacts {
        UserFacts {
            known: true,
            deleted: self.deleted_at.is_some(),
            enabled: self.enabled,
            disabled_at: self.profile.disabled_at,
            deleted_at: self.deleted_at.or(self.profile.last_deleted_at),
            second_factor_required_at: self.profile.second_factor_required_at,
            events: self.revocations.clone(),
        }
    }

    /// Enables or disables the account, recording when it was disabled.
    pub(crate) fn set_enabled(&mut self, enabled: bool, now: Instant) {
        if self.enabled && !enabled {
            self.profile.disabled_at = Some(now);
        }
        self.enabled = enabled;
    }

    /// Marks the user as deleted at `now`; the user can be restored.
    pub(crate) const fn delete(&mut self, now: Instant) {
        self.deleted_at = Some(now);
        self.profile.last_deleted_at = Some(now);
    }

    /// Sets whether MFA is required, recording when it became required.
    pub(crate) const fn require_second_factor(&mut self, required: bool, now: Instant) {
        if required && !self.second_factor.required {
            self.profile.second_factor_required_at = Some(now);
        }
        self.second_factor.required = required;
    }

    /// Returns whether the password has to be changed before sign-in: it is temporary, marked as
    /// expired, or older than the tenant allows.
    pub(crate) fn must_change_password_at(&self, tenant: &Tenant, now: Instant) -> bool {
        self.must_change_password
            || self.password_expired
            || self.password_expires_at(tenant).is_some_and(|at| at <= now)
    }

    /// Returns the (virtual) instant at which the password expires, if it does.
    pub(crate) fn password_expires_at(&self, tenant: &Tenant) -> Option<Instant> {
        let days = tenant.password_validity_days.filter(|_| !self.profile.password_never_expires())?;
        Some(self.password_changed_at + Span::from_days(days.into()))
    }

    /// Updates the mutable columns; conflicts if the user has changed since `before` was read, so
    /// that no concurrent change is lost.
    pub(crate) fn update(&self, before: &Self) -> Statement {
        sql!(
            "UPDATE users SET password_hash = $1, password_changed_us = $2, password_expired = $3, \
             must_change_password = $4, enabled = $5, deleted_us = $6, revocations = $7, sessions_valid_from_us = $8, \
             upn = $9, display_name = $10, profile = $11, lockout = $12, second_factor = $13, revision = revision + 1 \
             WHERE tenant = $14 AND id = $15 AND revision = $16",
            &self.password_hash,
            self.password_changed_at,
            self.password_expired,
            self.must_change_password,
            self.enabled,
            self.deleted_at,
            revocations_json(&self.revocations),
            self.sessions_valid_from,
            self.upn.to_lowercase(),
            &self.display_name,
            serde_json::json!(self.profile),
            serde_json::json!(self.lockout),
            serde_json::json!(self.second_factor),
            self.tenant,
            self.id,
            before.revision
        )
        .expect_rows(1)
    }

    pub(crate) fn insertion(&self) -> Statement {
        sql!(
            "INSERT INTO users (tenant, id, upn, display_name, role, directory_roles, password_hash, password_changed_us, \
             password_expired, must_change_password, enabled, deleted_us, revocations, sessions_valid_from_us, lockout, \
             profile, second_factor) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            self.tenant,
            self.id,
            self.upn.to_lowercase(),
            &self.display_name,
            &self.role,
            serde_json::json!(self.directory_roles),
            &self.password_hash,
            self.password_changed_at,
            self.password_expired,
            self.must_change_password,
            self.enabled,
            self.deleted_at,
            revocations_json(&self.revocations),
            self.sessions_valid_from,
            serde_json::json!(self.lockout),
            serde_json::json!(self.profile),
            serde_json::json!(self.second_factor)
        )
    }

    /// Returns whether the user has one of these directory roles.
    pub(crate) fn has_role(&self, roles: &[&str]) -> bool {
        self.directory_roles.iter().any(|role| roles.contains(&role.as_str()))
    }
}

fn revocations_json(events: &RevocationEvents) -> serde_json::Value {
    serde_json::json!(events)
}
