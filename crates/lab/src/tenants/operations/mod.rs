//! Operations across services: moving a tenant's time, creating a tenant, deleting it.
//!
//! Each is a row in the lab's database from before its first call until every service has done its
//! part. What an interruption leaves is ended without a request: an interrupted change of time is
//! ended at the latest instant that any clock reached, and time runs on as it did; a tenant that
//! was not created completely is deleted; a deletion is completed.

mod clock;
mod holder;
mod lifecycle;
mod record;
mod recovery;
mod store;
mod under_way;

pub use clock::TenantClock;
pub use lifecycle::Deletion;
pub use record::{OperationDetails, OperationKind};
pub(super) use record::{in_progress, outlook};
pub(super) use under_way::Operations;
