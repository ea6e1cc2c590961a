//! Time, conducted: a tenant's clocks in all services move together, from due event to due event.
//!
//! One step is one `PUT` to every service at once (its answer says when the service next has something to do) and one `POST`
//! where something is due, which tells that service the time as well. Due work is never jumped over and never waited for; work that is due exactly at the target runs.

mod advance;
mod steps;
#[cfg(test)]
mod tests;

pub use advance::{Conductor, Target};
pub use steps::{ConductError, Moved, Progress, Timepieces};
