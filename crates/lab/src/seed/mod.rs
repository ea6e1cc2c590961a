//! Seeds: the file that says what a tenant is made of, and the plan that turns it into what each service is told.
//!
//! Reading ([`Seed::read`]) does I/O and finds every mistake with its place; planning ([`TenantPlan::draw`]) is pure.

mod application;
mod builtin;
mod file;
mod ids;
mod plan;
mod read;
mod secrets;
mod specs;

pub use application::{ApplicationKind, GroupMembershipClaims, RedirectType, SeedApplication};
pub use file::{SeedConnection, SeedConnector, SeedFile, SeedFlow, SeedUser};
pub use ids::derived;
pub use plan::{PlannedApplication, PlannedConnection, PlannedFlow, PlannedUser, TenantPlan};
pub use read::{ConnectorFiles, Seed};
pub use secrets::{DrawnSecrets, draw_password};
