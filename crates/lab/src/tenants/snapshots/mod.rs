//! Snapshots: the state of a tenant in all services and in the lab at one instant, put aside and
//! brought back.

mod error;
mod lab_rows;
mod state;
mod store;
mod take;

pub use error::SnapshotError;
pub(crate) use error::{NAME_CHARACTERS_MAX, SNAPSHOTS_MAX};
pub(super) use state::{TableVersions, TenantState};
pub(crate) use take::is_name;
