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

use std::sync::{Arc, LazyLock};

use axum::Router;
use outlive_chassis::{Chassis, SpecMistake, StartError};
use outlive_store::{Migration, migrations};

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
pub static MIGRATIONS: LazyLock<Vec<Migration>> = migrations!();

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
