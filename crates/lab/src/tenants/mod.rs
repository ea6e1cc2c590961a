//! Tenants: created in every service from a seed, returned with their credentials, and deleted.

mod comparison;
mod credentials;
mod layout;
mod lost_data;
mod operations;
mod registry;
mod store;

pub use lost_data::LostData;
pub use operations::{Deletion, TenantClock};
pub use registry::{NewTenant, TenantError, Tenants, TenantsConfig};
pub use store::MIGRATIONS;
