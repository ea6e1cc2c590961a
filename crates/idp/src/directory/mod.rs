//! The directory: tenants, users, applications, consents. Reads answer plain values; changes are statements, so that the
//! caller commits them together with the journal line that speaks of them.

mod application;
mod client_secret;
mod consent;
mod creation;
pub(crate) mod graph_application;
mod tenant;
mod user;

pub(crate) use application::{Application, ApplicationDocument};
pub(crate) use client_secret::{ClientSecrets, SecretMatch, expire_secrets, remove_secrets};
pub(crate) use consent::{ALL_PRINCIPALS, grant_scopes, withdraw_scopes};
pub(crate) use creation::create;
pub(crate) use tenant::{Tenant, use_signing_key};
pub(crate) use user::User;

use outlive_store::Store;

/// Every table that holds a tenant's rows.
pub(crate) const TABLES: &[&str] = &[
    "tenants",
    "users",
    "applications",
    "resource_names",
    "redirect_uris",
    "client_secrets",
    "permission_grants",
    "role_assignments",
    "sessions",
    "redeemed_codes",
];

/// The directory's readers.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    store: Store,
}

impl Directory {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}
