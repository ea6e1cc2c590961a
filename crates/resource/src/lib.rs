//! The protected resource: a small orders API behind bearer tokens, directory passwords, keys and
//! client certificates.
//!
//! | request | needs, for a user | for an application | returns |
//! |---|---|---|---|
//! | `GET /orders[?$top&$skiptoken]` | scope `Orders.Read` | role `Orders.Read.All` | a page |
//! | `GET /orders/{id}` | scope `Orders.Read` | role `Orders.Read.All` | one order |
//! | `POST /orders` | scope `Orders.ReadWrite` | role `Orders.ReadWrite.All` | 201 and the order |
//! | `POST /security-events` | a security event token of the issuer | | 202 |
//!
//! Below `/basic` the same routes take user name and directory password in a `Basic` header, which
//! the directory checks with each request; below `/key` a key of the API, in the header `X-Api-Key`
//! or the query parameter `api_key`; below `/certificate` a registered certificate in the TLS
//! handshake. All three permit everything.
//!
//! Every request passes the same steps: the gate finds the tenant and its time, verifies the token,
//! checks whether an event revoked it, and checks the permission; the route does its work; the
//! outcome is written to the journal; then the response is sent. Of the issuer, the resource knows
//! only the published keys, the security events that it receives, and the answers of the password
//! grant.
//!
//! ```
//! use outlive_resource::Permission;
//!
//! // A user needs a scope, an application by itself a role; neither replaces the other.
//! assert_eq!(Permission::READ.scope, "Orders.Read");
//! assert_eq!(Permission::READ.role, "Orders.Read.All");
//! ```

mod api;
mod api_certificates;
mod api_keys;
mod audiences;
mod caller;
mod config;
mod directory;
mod domains;
mod evaluation;
mod fault_place;
mod gate;
mod lab;
mod orders;
mod password;
mod permission;
mod principal;
mod refusal;
mod rejection;
mod routes;
mod scheme;
mod service;
mod spec;

use std::sync::LazyLock;

pub use config::ResourceConfig;
pub use permission::Permission;
pub use routes::{build, router};

use outlive_chassis::SpecMistake;
use outlive_store::{Migration, migrations};

/// Validates a tenant specification without starting the resource.
#[must_use]
pub fn spec_mistakes(description: serde_json::Value) -> Vec<SpecMistake> {
    outlive_chassis::description_mistakes::<api::Api>(description)
}

/// The resource's own tables.
pub static MIGRATIONS: LazyLock<Vec<Migration>> = migrations!();
