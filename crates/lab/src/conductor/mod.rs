//! Time, conducted: a tenant's clocks in all services move together, from due event to due event.
//!
//! One step is one `POST` where something is due, which sets the time as well, and one `PUT` to each
//! other service with a schedule; both return the service's next due instant. The calls of the due
//! work carry the instant to the services without a schedule. The last step sets all clocks.
//!
//! Due work is never skipped and never waited for; work that is due exactly at the target runs. The
//! conductor keeps no record: [`crate::tenants`] records each operation before its first step.

mod advance;
mod service_calls;
mod steps;
#[cfg(test)]
mod tests;

pub use advance::{ADVANCE_MAX, Conductor, Target};
pub use steps::{ConductError, Moved, Progress, Stopped, TenantTime, Timepieces};
