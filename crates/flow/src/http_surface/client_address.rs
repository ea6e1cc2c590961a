//! Whether the access control of a flow accepts the address of a client.

use std::net::IpAddr;

use http::StatusCode;
use outlive_chassis::Problem;

use crate::definition::{AddressRange, accepts};

/// Checks that an address is one of those that are accepted.
pub(super) fn check_address(ranges: Option<&[AddressRange]>, address: IpAddr) -> Result<(), Problem> {
    if accepts(ranges, address) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNAUTHORIZED,
        "AuthorizationFailed",
        format!(
            "The client IP address '{address}' is not in the allowed caller IP address ranges specified in the workflow \
             access control configuration."
        ),
    ))
}
