//! Time, conducted: a tenant's clocks in all services move together, from due event to due event.
//!
//! One step is one `PUT` to every service at once (its answer names the service's next due instant)
//! and one `POST` where something is due, which carries the time as well. Due work is never skipped
//! and never waited for; work that is due exactly at the target runs. The conductor keeps no
//! record: [`crate::tenants`] records each operation before its first step.

mod advance;
mod service_calls;
mod steps;
#[cfg(test)]
mod tests;

pub use advance::{ADVANCE_MAX, Conductor, Target};
pub use steps::{ConductError, Moved, Progress, Stopped, TenantTime, Timepieces};
