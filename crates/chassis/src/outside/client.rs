//! The client for hosts that a file or a request names.

use std::sync::Arc;

use http::Method;
use reqwest::dns::Resolve;
use url::{Host, Url};

use super::address::is_public;
use super::names::{NotPublic, PublicNames};
use crate::{HttpClient, RequestBuilder, Trace};

/// A client that can be limited to public addresses. It uses the certificate authorities of the
/// machine, follows no redirects, uses no proxy, and does not send the tenant's time.
#[derive(Debug, Clone)]
pub struct OutsideClient {
    client: HttpClient,
    public_only: bool,
}

impl OutsideClient {
    /// Creates a client that only connects to public addresses.
    #[must_use]
    pub fn to_public(names: Arc<dyn Resolve>) -> Self {
        let client = HttpClient::to_outside(Arc::new(PublicNames(names)));
        Self { client, public_only: true }
    }

    /// Creates a client that connects to any address.
    #[must_use]
    pub fn to_any(names: Arc<dyn Resolve>) -> Self {
        Self { client: HttpClient::to_outside(names), public_only: false }
    }

    /// Creates a request. The addresses of a host name are checked when it is sent;
    /// [`NotPublic::caused`] recognizes the error.
    ///
    /// # Errors
    /// When the host is an address that is not public.
    pub fn request(&self, trace: &Trace, method: Method, url: &Url) -> Result<RequestBuilder, NotPublic> {
        // A connection to an address needs no lookup.
        let public = match url.host() {
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        if self.public_only && !public {
            return Err(NotPublic);
        }
        Ok(self.client.request(trace, method, url))
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;

    use super::super::SystemNames;
    use super::*;

    #[tokio::test]
    async fn the_client_calls_no_spelling_of_a_loopback_address() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let client = OutsideClient::to_public(Arc::new(SystemNames));
        let trace = Trace::begin(&Randomness::from_seed(1));
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "127.0.0.1.",
            "１２７.0.0.1",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[2002:7f00:1::]",
            "localhost",
            "LOCALHOST",
            "user@127.0.0.1",
            "example.com@127.0.0.1",
        ] {
            let url: Url = format!("http://{host}:{port}/").parse().expect("a URL");
            let refused = match client.request(&trace, Method::GET, &url) {
                Err(NotPublic) => true,
                Ok(request) => NotPublic::caused(&request.send().await.expect_err("nothing is reached")),
            };
            assert!(refused, "{host}");
        }
        let accepted = tokio::time::timeout(std::time::Duration::from_millis(1), listener.accept()).await;
        assert!(accepted.is_err(), "no connection was made");
    }
}
