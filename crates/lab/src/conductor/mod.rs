//! Moves a tenant's clocks in all services together, from due instant to due instant.
//!
//! A step is one concurrent `PUT` to every service, whose response contains the service's next due
//! instant, and one `POST` to a service with due work, which also sets its clock. No due work is
//! skipped, including work that is due exactly at the target. [`crate::tenants`] records each
//! operation before its first step.

mod advance;
mod service_calls;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use advance::{ADVANCE_MAX, Conductor, Target};
pub(crate) use steps::{ConductError, Moved, Progress, Stopped, TenantTime, Timepieces};
