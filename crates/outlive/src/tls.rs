//! Services over TLS: addresses, names, certificates, and how clients trust them.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use axum::Router;
use outlive_chassis::{LocalAuthority, Origins, StartError, TlsIdentity, serve_tls};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::cli::ServiceArgs;
use crate::places::{Part, at_offset, without_address};
use crate::shutdown::Shutdown;

/// Offset of the identity provider's TLS port from the port base.
const OFFSET: u16 = 43;
/// Offset of the resource's TLS port from the port base.
const RESOURCE_OFFSET: u16 = 44;
const RESOURCE: &str = "resource";
/// The names in every certificate.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Drop-in mode: additional host names.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    names: Vec<String>,
    port: u16,
}

impl Hosts {
    /// Returns the drop-in mode for these names, or `None` without names.
    pub(crate) fn of(names: &[String], port: u16) -> Option<Self> {
        (!names.is_empty()).then(|| Self { names: plain(names), port })
    }
}

/// Sockets, their certificate, and the allowed origins.
#[derive(Debug)]
pub(crate) struct Tls {
    identity: TlsIdentity,
    listeners: Vec<TcpListener>,
    /// The origins, the preferred one first.
    pub(crate) origins: Vec<String>,
    /// The service, in notices.
    label: &'static str,
    authority: PathBuf,
    /// Additional host names.
    names: Vec<String>,
}

impl Tls {
    /// Opens the sockets of `outlive up`: on loopback, at an offset from the port base or at a free
    /// port; additional names also at a port of their own.
    pub(crate) async fn up(
        base: Option<u16>,
        data: &Path,
        hosts: Option<&Hosts>,
    ) -> Result<Self, StartError> {
        let mut listeners = vec![bind(loopback(base, OFFSET)?).await?];
        let port = listeners[0].local_addr().map_err(without_address)?.port();
        let names = hosts.map_or_else(Vec::new, |hosts| hosts.names.clone());
        let mut origins: Vec<String> =
            own_names().chain(names.clone()).map(|name| origin(&name, port)).collect();
        if let Some(hosts) = hosts.filter(|hosts| hosts.port != port) {
            // Also the default names: MSAL for Java drops the port of an authority when it
            // refreshes a token.
            origins.extend(names.iter().cloned().chain(own_names()).map(|name| origin(&name, hosts.port)));
            listeners.push(bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), hosts.port)).await?);
        }
        Self::open("identity provider", data, listeners, names, origins)
    }

    /// Opens the socket at which the resource takes client certificates: at an offset from the port
    /// base, or at a free port. Returns also the certificate (PEM) of the authority.
    pub(crate) async fn of_resource(base: Option<u16>, data: &Path) -> Result<(Self, String), StartError> {
        let listener = bind(loopback(base, RESOURCE_OFFSET)?).await?;
        let unusable = |error| StartError::new("cannot open the resource's TLS port", error, "try again");
        let port = listener.local_addr().map_err(unusable)?.port();
        let names: Vec<String> = own_names().collect();
        let authority = LocalAuthority::open(data, &names)?;
        let pem = std::fs::read_to_string(authority.certificate_path()).map_err(unusable)?;
        let identity = TlsIdentity::issue(&authority, &names)?.with_client_certificates();
        let origins = vec![origin("localhost", port)];
        let tls = Self {
            identity,
            listeners: vec![listener],
            origins,
            label: RESOURCE,
            authority: authority.certificate_path().to_path_buf(),
            names: Vec::new(),
        };
        Ok((tls, pem))
    }

    /// Opens the sockets of a single service: with the given addresses and names, and those of its
    /// https origins. Adds its origins to `known`.
    pub(crate) async fn alone(
        part: Part,
        args: &ServiceArgs,
        data: &Path,
        known: &mut Origins,
    ) -> Result<Option<Self>, StartError> {
        if args.tls_listen.is_empty() {
            return Ok(None);
        }
        if !matches!(part, Part::Idp | Part::Resource) {
            return Err(StartError::new(
                format!("the {} does not support TLS", part.name()),
                "only the identity provider and the resource do",
                "leave out --tls-listen and OUTLIVE_TLS_LISTEN",
            ));
        }
        let mut names = plain(&args.hosts);
        let ports = args.tls_listen.iter().map(SocketAddr::port);
        let origins: Vec<String> = ports
            .flat_map(|port| own_names().chain(names.clone()).map(move |name| origin(&name, port)))
            .collect();
        for https in known.all().iter().filter(|origin| origin.starts_with("https://")) {
            names.extend(
                crate::services::parse(https)?
                    .host_str()
                    .map(|host| host.trim_start_matches('[').trim_end_matches(']').to_owned()),
            );
        }
        *known = Origins::new(known.all().iter().chain(&origins).map(String::as_str));
        let label = if part == Part::Resource { RESOURCE } else { "identity provider" };
        let mut listeners = Vec::new();
        for address in &args.tls_listen {
            listeners.push(bind(*address).await?);
        }
        let mut opened = Self::open(label, data, listeners, names, origins)?;
        if part == Part::Resource {
            opened.identity = opened.identity.with_client_certificates();
        }
        if let Some(copy) = &args.ca_copy {
            // Renamed, so that readers never see a part.
            let unfinished = copy.with_extension("unfinished");
            let copied = std::fs::copy(&opened.authority, &unfinished);
            copied.and_then(|_| std::fs::rename(&unfinished, copy)).map_err(|error| {
                StartError::new(
                    format!("cannot copy the authority's certificate to {}", copy.display()),
                    error,
                    "give --ca-copy (OUTLIVE_CA_COPY) a path that this service can write",
                )
            })?;
        }
        Ok(Some(opened))
    }

    fn open(
        label: &'static str,
        data: &Path,
        listeners: Vec<TcpListener>,
        names: Vec<String>,
        origins: Vec<String>,
    ) -> Result<Self, StartError> {
        let certified: Vec<String> = own_names().chain(names.clone()).collect();
        let authority = LocalAuthority::open(data, &certified)?;
        let identity = TlsIdentity::issue(&authority, &certified)?;
        let authority = authority.certificate_path().to_path_buf();
        Ok(Self { identity, listeners, origins, label, authority, names })
    }

    /// The notice for the terminal about the sockets of some services, with lines before and after.
    pub(crate) fn notice<'a>(all: impl IntoIterator<Item = &'a Self>) -> String {
        let (mut addresses, mut trust, mut hosts) = (String::new(), String::new(), String::new());
        for tls in all {
            let label = format!("{} over TLS", tls.label);
            let origin = tls.origins.first().map_or("", String::as_str);
            let _ = writeln!(addresses, "  {label:<27} {origin}");
            let path = tls.authority.display();
            trust = format!("  their certificate authority {path} (to trust it: outlive ca)\n");
            if !tls.names.is_empty() {
                let _ = write!(
                    hosts,
                    "\nThe {} answers as {} too. For programs on this machine to find it by these names, add to the hosts \
                     file:\n\n  127.0.0.1 {}\n",
                    tls.label,
                    tls.names.join(", "),
                    tls.names.join(" "),
                );
            }
        }
        format!("\n{addresses}{trust}{hosts}")
    }

    /// The path of the authority's certificate.
    pub(crate) fn authority(&self) -> &Path {
        &self.authority
    }

    /// Serves on all sockets until a signal to stop.
    pub(crate) fn serve(self, services: &mut JoinSet<std::io::Result<()>>, app: &Router, stop: &Shutdown) {
        for listener in self.listeners {
            services.spawn(serve_tls(listener, self.identity.clone(), app.clone(), stop.clone().wait()));
        }
    }
}

/// Returns the loopback address at an offset from the port base; any free port if it is `None`.
fn loopback(base: Option<u16>, offset: u16) -> Result<SocketAddr, StartError> {
    Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), at_offset(base, offset)?))
}

fn plain(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.trim().to_ascii_lowercase()).collect()
}

fn own_names() -> impl Iterator<Item = String> {
    OWN_NAMES.into_iter().map(str::to_owned)
}

/// Returns the origin of a name at a port, without the default port of https.
fn origin(name: &str, port: u16) -> String {
    let host = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program has this port: stop it, or choose another with --port-base, --hosts-port or --tls-listen"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 are the system's: choose another with --hosts-port and send port 443 on to it, or let \
                 programs have the port (on Linux: sysctl net.ipv4.ip_unprivileged_port_start=443)"
            }
            _ => "check the address that was given to listen on",
        };
        StartError::new(format!("cannot listen by TLS on {address}"), error, remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_names_its_port_unless_it_is_the_schemes_own() {
        assert_eq!(origin("login.microsoftonline.com", 443), "https://login.microsoftonline.com");
        assert_eq!(origin("localhost", 8743), "https://localhost:8743");
        assert_eq!(origin("::1", 8743), "https://[::1]:8743");
    }
}
