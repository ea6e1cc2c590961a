//! HTTPS for clients that require it: a certificate authority of the installation, server
//! certificates and a TLS listener. Validity is in wall time, because clients check it in wall
//! time.

mod authority;
mod client_certificates;
mod leaf;
mod listener;
mod server_names;
mod validity;

pub use authority::LocalAuthority;
pub use client_certificates::PeerCertificate;
pub use leaf::TlsIdentity;
pub(crate) use listener::Tls;
