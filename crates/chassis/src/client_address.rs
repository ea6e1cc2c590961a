//! The address of a client.

use std::net::{IpAddr, Ipv4Addr};

use http::HeaderMap;

/// The loopback address.
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The address of the client: the first of `X-Forwarded-For`, so that a lab can simulate any
/// address, or the loopback address.
#[must_use]
pub fn client_address(headers: &HeaderMap) -> IpAddr {
    let named = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let first = named.and_then(|addresses| addresses.split(',').next());
    first.and_then(|address| address.trim().parse().ok()).unwrap_or(HERE)
}
