//! The addresses and origins of the services.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use outlive_chassis::{Origins, StartError};
use tokio::net::TcpListener;

/// The services of a system, in the order of their ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Console page and lab API.
    Console,
    /// Identity provider.
    Idp,
    /// API Hub.
    Hub,
    /// Protected resource.
    Resource,
    /// Flow client.
    Flow,
}

impl Part {
    /// All services, by port.
    pub(crate) const ALL: [Self; 5] = [Self::Console, Self::Idp, Self::Hub, Self::Resource, Self::Flow];

    /// Returns the offset of its port.
    pub(crate) const fn offset(self) -> u16 {
        self as u16
    }

    /// Returns its name on the command line and in the environment.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Idp => "idp",
            Self::Hub => "hub",
            Self::Resource => "resource",
            Self::Flow => "flow",
        }
    }
}

pub(crate) async fn bind(address: SocketAddr, part: Part) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program has this port, possibly an Outlive that is still running: stop it, or choose other ports with --port-base"
            }
            std::io::ErrorKind::PermissionDenied => "ports below 1024 are the system's: choose others with --port-base",
            _ => "check the address that was given to listen on",
        };
        StartError::new(format!("the {} cannot listen on {address}", part.name()), error, remedy)
    })
}

/// Returns the loopback address of a service; any free port if `base` is `None`.
pub(crate) fn loopback(base: Option<u16>, part: Part) -> Result<SocketAddr, StartError> {
    Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), at_offset(base, part.offset())?))
}

/// Returns the port at an offset from the port base; 0, for any free port, if `base` is `None`.
pub(crate) fn at_offset(base: Option<u16>, offset: u16) -> Result<u16, StartError> {
    let Some(base) = base else { return Ok(0) };
    base.checked_add(offset).ok_or_else(|| {
        StartError::new(
            format!("cannot use the port base {base}"),
            "the ports behind it would pass 65535",
            "choose a --port-base of at most 65000",
        )
    })
}

/// Returns the origins of a service that listens on this loopback port.
pub(crate) fn loopback_origins(port: u16) -> Origins {
    origins(port, None)
}

/// Returns the origins of a service that listens on this port, on loopback and on an address that
/// is shared with others: that one first.
pub(crate) fn origins(port: u16, shared: Option<IpAddr>) -> Origins {
    let shared = shared.map(|address| origin(address, port));
    let own = [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
    Origins::new(shared.into_iter().chain(own))
}

/// Returns the origin at an address.
pub(crate) fn origin(address: IpAddr, port: u16) -> String {
    format!("http://{}", SocketAddr::new(address, port))
}

/// Checks an address to share.
///
/// # Errors
/// One that names no single address of the machine.
pub(crate) fn check_shared(address: IpAddr) -> Result<(), StartError> {
    if address.is_unspecified() || address.is_multicast() || address == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        return Err(StartError::new(
            format!("cannot share {address}"),
            "links need an address by which others reach this machine",
            "give the address of this machine in the network, for example 192.0.2.10",
        ));
    }
    Ok(())
}

/// The error of a socket without an address.
pub(crate) fn without_address(error: std::io::Error) -> StartError {
    StartError::new("a socket has no address", error, "try again")
}
