//! The protected resource: a small orders API behind bearer tokens.
//!
//! | request | needs, for a user | for an application | answers |
//! |---|---|---|---|
//! | `GET /orders[?$top&$skiptoken]` | scope `Orders.Read` | role `Orders.Read.All` | a page of orders |
//! | `GET /orders/{id}` | scope `Orders.Read` | role `Orders.Read.All` | one order |
//! | `POST /orders` | scope `Orders.ReadWrite` | role `Orders.ReadWrite.All` | 201 and the order |
//! | `POST /security-events` | a security event token of the issuer's | | 202 |
//!
//! Every request goes the same way: the gate finds the tenant and its time, verifies the token, asks whether something ended it before
//! its time, and checks the permission; the route does its
//! work; what came of it is written to the journal; then the answer leaves. It knows nothing of the issuer but its published keys and what it tells by security events.

mod api;
mod audiences;
mod bearer;
mod caller;
mod config;
mod evaluation;
mod gate;
mod orders;
mod permission;
mod refusal;
mod spec;

pub use api::{build, router};
pub use config::ResourceConfig;
pub use permission::Permission;
pub use spec::{OrderSpec, ResourceTenantSpec};

use outlive_chassis::SpecMistake;
use outlive_store::Migration;

/// Everything in the description of a tenant that the resource rejects, without starting it.
#[must_use]
pub fn spec_mistakes(description: serde_json::Value) -> Vec<SpecMistake> {
    outlive_chassis::description_mistakes::<api::Api>(description)
}

/// The resource's own tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "orders", sql: include_str!("../migrations/0001_orders.sql") },
    Migration {
        version: 2,
        name: "security_events",
        sql: include_str!("../migrations/0002_security_events.sql"),
    },
];
