//! Moves a tenant's clocks in all services together, from due instant to due instant.
//!
//! A step is one `POST` to a service with due work, which also sets its clock, and one `PUT` to
//! each other service with a schedule; both responses contain the service's next due instant. The
//! calls of the due work carry the instant to the other services, and the last step sets all
//! clocks. No due work is skipped, including work that is due exactly at the target.
//! [`crate::tenants`] records each operation before its first step.

mod advance;
mod service_calls;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use advance::{ADVANCE_MAX, Conductor, Target};
pub(crate) use steps::{ConductError, Moved, Progress, Stopped, TenantTime, Timepieces};
