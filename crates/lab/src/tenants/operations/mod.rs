//! Operations across services: moving a tenant's time, creating a tenant, starting it over,
//! restoring a snapshot of it, deleting it.
//!
//! Each is a row in the lab's database from before its first call until every service has finished.
//! The row has a lease, so that of the replicas of the lab one works on a tenant at a time; what a
//! replica does too late is rejected by the services, because it names an earlier incarnation.
//! Interrupted operations are ended without a request: a change of time at the latest instant that
//! any clock reached, after which time continues at its previous speed; an incomplete creation is
//! rolled back; a reset, a restore and a deletion are completed.

mod clock;
mod exclusive;
mod holder;
mod import;
mod lifecycle;
mod record;
mod recovery;
mod reset;
mod restore;
mod store;
#[cfg(test)]
mod store_tests;
mod under_way;

pub use clock::TenantClock;
pub use lifecycle::Deletion;
pub(super) use record::{in_progress, outlook};
pub(super) use under_way::Operations;
