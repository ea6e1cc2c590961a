//! The lifetime of a tenant in requests.

use outlive_chassis::Problem;
use outlive_clock::{Instant, Span};

use crate::tenants::Temporary;

/// Returns when a tenant ends that lives from now for `lifetime`.
pub(super) fn temporary_end(lifetime: Span) -> Result<Instant, Problem> {
    Temporary::after(lifetime)
        .ok_or_else(|| Problem::bad_request("'lifetime' is a duration from PT1S to P30D."))
}
