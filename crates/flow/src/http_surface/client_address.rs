//! The address of a client, and whether the access control of a flow accepts it.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, StatusCode};
use outlive_chassis::Problem;

use crate::definition::{AddressRange, accepts};

/// Returns the address of the client: the first of `X-Forwarded-For`, so that a lab can simulate
/// any address, or the loopback address.
pub(super) fn client_address(headers: &HeaderMap) -> IpAddr {
    let named = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let first = named.and_then(|addresses| addresses.split(',').next());
    first.and_then(|address| address.trim().parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

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
