//! Tenants: created in every service from a seed, returned with their credentials, and deleted.

mod act_on_flow;
mod comparison;
mod credentials;
mod directory;
mod events;
mod exports;
mod faults;
mod fix_connection;
mod forge;
mod kept_seed;
mod layout;
mod lifetimes;
mod lost_data;
mod moved_origins;
mod new_tenant;
mod operations;
mod phone;
mod phone_passkeys;
mod raised_once;
mod registry;
mod share_connection;
mod sign_in;
pub(crate) mod snapshots;
mod store;
mod temporary;

pub use act_on_flow::OwnersAction;
pub(crate) use events::{REGISTER_API_CERTIFICATE, REPLACE_CONNECTOR_SECRET};
pub use exports::{EXPORT_BYTES_MAX, ExportError};
pub use lost_data::LostData;
pub use new_tenant::NewTenant;
pub use operations::{Deletion, TenantClock};
pub(crate) use raised_once::is_event_id;
pub use registry::{TenantError, Tenants, TenantsConfig};
pub use snapshots::SnapshotError;
pub use store::MIGRATIONS;
pub use temporary::Temporary;
