//! Seeds: the files from which tenants are created, and the plan of a tenant for each service.
//!
//! Reading ([`Seed::read`]) does I/O and reports every mistake with its position; planning
//! ([`TenantPlan::draw`]) is pure.

mod application;
mod builtin;
mod complete;
pub(crate) mod conditional_access;
mod file;
mod ids;
mod managed_identity;
mod names;
mod open;
mod overlay;
mod plan;
mod planned_application;
mod planned_identity;
mod policy;
mod read;
mod secrets;
mod sign_in;
mod snapshot;
mod source;

pub use application::SeedApplication;
pub use file::{SeedConnection, SeedConnector, SeedFile, SeedFlow, SeedSignIn, SeedUser};
pub use ids::derived;
pub use managed_identity::SeedManagedIdentity;
pub use overlay::OverlayMistake;
pub use plan::{PlannedConnection, PlannedFlow, PlannedUser, TenantPlan};
pub use planned_application::PlannedApplication;
pub use planned_identity::PlannedIdentity;
pub use read::{ConnectorFiles, Seed};
pub use secrets::DrawnSecrets;
pub(crate) use secrets::{draw_client_secret, draw_password};
pub use sign_in::PlannedSignIn;
