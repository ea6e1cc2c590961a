//! Tenants: laid out in every service from a seed, handed out with all that a script needs, and removed again.

mod handout;
mod layout;
mod lost_data;
mod operations;
mod registry;
mod store;

pub use handout::{
    Handout, HandoutApplication, HandoutConnection, HandoutConnector, HandoutFlow, HandoutUser, Urls,
};
pub use lost_data::{LostData, recovery_of};
pub use operations::{Deletion, OperationDetails, OperationKind, TenantClock};
pub use registry::{NewTenant, TenantError, Tenants, TenantsConfig};
pub use store::MIGRATIONS;
