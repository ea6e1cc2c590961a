//! Users.

use outlive_clock::{Instant, Span, TenantId, UserId};
use outlive_rules::smart_lockout::Lockout;
use outlive_rules::{RevocationEvents, UserFacts};
use outlive_store::{Statement, sql};

use super::authenticator::SecondFactor;
use super::profile::UserProfile;
use super::tenant::Tenant;

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

impl User {
    /// Returns an enabled user, created at `now`, without names and password.
    pub(crate) fn new(tenant: TenantId, id: UserId, now: Instant) -> Self {
        Self {
            tenant,
            id,
            upn: String::new(),
            display_name: String::new(),
            role: String::new(),
            directory_roles: Vec::new(),
            password_hash: String::new(),
            password_changed_at: now,
            password_expired: false,
            must_change_password: false,
            enabled: true,
            deleted_at: None,
            revocations: RevocationEvents::none(),
            sessions_valid_from: now,
            lockout: Lockout::default(),
            profile: UserProfile { created_at: Some(now), ..UserProfile::default() },
            second_factor: SecondFactor::default(),
            revision: 0,
        }
    }

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
            serde_json::json!(self.revocations),
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

    pub(crate) fn insert(&self) -> Statement {
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
            serde_json::json!(self.revocations),
            self.sessions_valid_from,
            serde_json::json!(self.lockout),
            serde_json::json!(self.profile),
            serde_json::json!(self.second_factor)
        )
    }

    pub(crate) fn has_role(&self, roles: &[&str]) -> bool {
        self.directory_roles.iter().any(|role| roles.contains(&role.as_str()))
    }
}
