//! The directory: tenants, users, applications, consents. Reads return plain values; changes are
//! statements, which the caller commits together with the journal event that records them.

mod app_role;
mod application;
mod client_secret;
mod consent;
mod creation;
mod deleted_user;
mod grant_object;
mod group;
pub(crate) mod hashing_queue;
mod key_credential;
mod memory;
pub(crate) mod passwords;
pub(crate) mod platform;
pub(crate) mod sessions;
pub(crate) mod spec;
pub(crate) mod user_removals;

mod policies;
mod profile;
mod redirect_uri;
mod registrable_uri;
mod resource_name;
mod role_template;
mod signed_out;
mod tenant;
mod user;

pub(crate) use app_role::{AppRoleAssignment, PrincipalType, unassign};
pub(crate) use application::{Application, ApplicationDocument};
pub(crate) use client_secret::{
    ClientSecrets, PasswordCredential, SecretMatch, expire_secrets, remove_secret, remove_secrets,
};
pub(crate) use consent::{ALL_PRINCIPALS, grant_scopes, withdraw_scopes};
pub(crate) use creation::{SECRET_LIFETIME, create};
pub(crate) use deleted_user::KEPT_AFTER_DELETION;
pub(crate) use grant_object::{GrantsOf, PermissionGrant};
pub(crate) use group::{Group, GroupDocument};
pub(crate) use key_credential::{FederatedCredential, KeyCredential};
pub(crate) use policies::{Kept, Location, POLICIES_MAX, Policies, TokenLifetime};
pub(crate) use profile::{PASSWORD_NEVER_EXPIRES, UserProfile};
pub(crate) use registrable_uri::{PlainHttp, first_unregistrable, unregistrable};
pub(crate) use role_template::{DirectoryRole, wids_of_application, wids_of_user};
pub(crate) use tenant::{Tenant, use_signing_key};
pub(crate) use user::{User, shortened_name};

use std::sync::Arc;

use crate::keys::signing_key_turns;
use crate::security_events;
use outlive_clock::TenantId;
use outlive_store::{Change, Row, Statement, Store, StoreError};

use self::memory::Memory;

/// Every table that contains rows of a tenant.
pub(crate) const TABLES: &[&str] = &[
    "tenants",
    "users",
    "applications",
    "resource_names",
    "redirect_uris",
    "client_secrets",
    "permission_grants",
    "app_role_assignments",
    "directory_groups",
    "group_members",
    "sessions",
    "redeemed_codes",
    "password_resets",
    "password_reset_limits",
    "outbox",
    signing_key_turns::TABLES[0],
    signing_key_turns::TABLES[1],
    "device_codes",
    "passkeys",
    "answered_challenges",
    security_events::TABLES[0],
    security_events::TABLES[1],
    "refresh_token_families",
    "session_applications",
];

/// Reads the directory, and commits changes to it.
#[derive(Clone)]
pub(crate) struct Directory {
    store: Store,
    memory: Arc<Memory>,
}

impl Directory {
    pub(crate) fn new(store: Store) -> Self {
        let memory = Arc::new(Memory::new(store.is_exclusive()));
        Self { store, memory }
    }

    /// Commits a change to a tenant's directory or sessions. Only the creation and the deletion of
    /// a tenant do not use it.
    pub(crate) async fn commit(&self, tenant: TenantId, change: impl Into<Change>) -> Result<(), StoreError> {
        let (directory, change) = (self.clone(), change.into());
        // In a task of its own: the cache is invalidated even if the request is canceled.
        let done = tokio::spawn(async move {
            let result = directory.store.commit(change).await;
            directory.forget(tenant);
            result
        });
        done.await.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }

    /// Reads one row that is not cached.
    pub(crate) async fn read(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        self.store.row(statement).await
    }

    /// Invalidates the cached values of a tenant.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.memory.forget(tenant);
    }
}
