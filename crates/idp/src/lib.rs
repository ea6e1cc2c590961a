//! The identity provider: a directory (tenants, users, applications, consents), sign-in pages and
//! sessions, the OAuth 2.0 and OpenID Connect endpoints of v1.0 and v2.0, and a part of Microsoft
//! Graph.
//!
//! It issues and rejects tokens as Microsoft Entra ID does. `outlive_rules` decides; handlers
//! gather the facts, call the rules, record the result and respond. The identity provider does not
//! know hubs or flows: the table's row follows from how a client authenticated, public or
//! confidential.
//!
//! ```no_run
//! use outlive_chassis::{Chassis, StartError};
//! use outlive_idp::IdpConfig;
//!
//! async fn routes(chassis: Chassis) -> Result<axum::Router, StartError> {
//!     let config = IdpConfig { own_url: "http://127.0.0.1:8701".to_owned() };
//!     outlive_idp::build(chassis, config).await
//! }
//! ```

mod access;
mod directory;
mod graph;
mod idp;
mod keys;
mod lab;
mod protocol;
mod routes;
mod security_events;
mod service;
mod sign_in;
mod token;
mod visit;

use std::sync::Arc;

use axum::Router;
use outlive_chassis::{Chassis, SpecMistake, StartError};
use outlive_store::Migration;

pub use directory::spec::{
    AppRoleSpec, ApplicationKind, ApplicationSpec, EventStreamSpec, FederatedCredentialSpec, GroupClaims,
    GroupSpec, OptionalClaimSpec, OptionalClaimsSpec, RedirectUriSpec, RedirectUriType, RequiredSpec,
    ScopeSpec, TenantSpec, UserSpec,
};
pub use idp::IdpConfig;
pub use protocol::form::Parameters;

use crate::idp::Idp;
use crate::service::IdpService;

/// Returns the problems in a tenant's specification for which the identity provider would reject
/// it, without starting it.
#[must_use]
pub fn spec_mistakes(description: serde_json::Value) -> Vec<SpecMistake> {
    outlive_chassis::description_mistakes::<service::IdpService>(description)
}

/// The identity provider's tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "directory", sql: include_str!("../migrations/0001_directory.sql") },
    Migration { version: 2, name: "device_codes", sql: include_str!("../migrations/0002_device_codes.sql") },
    Migration {
        version: 3,
        name: "signing_key_turns",
        sql: include_str!("../migrations/0003_signing_key_turns.sql"),
    },
    Migration { version: 4, name: "passwords", sql: include_str!("../migrations/0004_passwords.sql") },
    Migration {
        version: 5,
        name: "password_resets",
        sql: include_str!("../migrations/0005_password_resets.sql"),
    },
    Migration {
        version: 6,
        name: "second_factor",
        sql: include_str!("../migrations/0006_second_factor.sql"),
    },
    Migration { version: 7, name: "graph", sql: include_str!("../migrations/0007_graph.sql") },
    Migration { version: 8, name: "passkeys", sql: include_str!("../migrations/0008_passkeys.sql") },
    Migration {
        version: 9,
        name: "security_events",
        sql: include_str!("../migrations/0009_security_events.sql"),
    },
    Migration { version: 10, name: "access", sql: include_str!("../migrations/0010_access.sql") },
    Migration { version: 11, name: "accounts", sql: include_str!("../migrations/0011_accounts.sql") },
    Migration { version: 12, name: "user_codes", sql: include_str!("../migrations/0012_user_codes.sql") },
    Migration { version: 13, name: "reset_limits", sql: include_str!("../migrations/0013_reset_limits.sql") },
    Migration { version: 14, name: "old_sessions", sql: include_str!("../migrations/0014_old_sessions.sql") },
    Migration { version: 15, name: "revisions", sql: include_str!("../migrations/0015_revisions.sql") },
    Migration { version: 16, name: "groups", sql: include_str!("../migrations/0016_groups.sql") },
    Migration {
        version: 17,
        name: "rotation_reuse",
        sql: include_str!("../migrations/0017_rotation_reuse.sql"),
    },
];

/// Builds the identity provider's router.
///
/// # Errors
/// If its keys cannot be loaded or generated.
pub async fn build(chassis: Chassis, config: IdpConfig) -> Result<Router, StartError> {
    let idp = Idp::start(chassis.clone(), &config).await?;
    let service = Arc::new(IdpService::new(idp.clone()));
    security_events::resume(&idp);
    Ok(outlive_chassis::app(chassis, service, routes::router(idp)))
}
