//! The HTTP client of a service.

use std::sync::Arc;

use http::Method;
use reqwest::dns::Resolve;
use reqwest::{Certificate, Client, ClientBuilder, Identity, redirect};

use super::loopback::{CONNECT_TIMEOUT, IDLE_TIMEOUT};
use super::request_builder::{RequestBuilder, TIMEOUT};
use crate::carried_time::OUTLIVE_TIME;
use crate::faults::{OUTLIVE_DELAY, VIRTUAL};
use crate::{StartError, Trace, exchanges};

/// The HTTP client of a service, with pooled connections, a timeout and trace propagation. It does
/// not follow redirects.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
    /// Whether calls carry the tenant's time. Only services of this installation understand it.
    carries_time: bool,
}

impl HttpClient {
    /// Builds the client.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new() -> Result<Self, StartError> {
        Self::of(private(), true)
    }

    /// Builds a client that also reaches registered external hosts over HTTPS.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn to_anywhere() -> Result<Self, StartError> {
        Self::of(Client::builder(), false)
    }

    /// Builds a client that presents a certificate (`pem`: private key and chain). It trusts the
    /// authority, by default those of the machine; `carries_time` is for services of this
    /// installation.
    ///
    /// # Errors
    /// When key and certificate do not belong together, or the TLS library cannot use them.
    pub fn with_certificate(pem: &str, authority: Option<&str>, carries_time: bool) -> reqwest::Result<Self> {
        let builder = match authority {
            Some(authority) => {
                Client::builder().tls_certs_only([Certificate::from_pem(authority.as_bytes())?])
            }
            None => Client::builder(),
        };
        let client = build(builder.identity(Identity::from_pem(pem.as_bytes())?))?;
        Ok(Self { client, carries_time })
    }

    /// Builds a client for hosts that `names` resolves. On a machine without trusted certificate
    /// authorities it reaches plain http only.
    pub(crate) fn to_outside(names: Arc<dyn Resolve>) -> Self {
        let build = |builder: ClientBuilder| build(builder.dns_resolver(Arc::clone(&names)));
        let client = build(Client::builder()).unwrap_or_else(|error| {
            tracing::warn!(%error, "https to other hosts is unavailable");
            build(private()).expect("the TLS library was set up for the service's own client")
        });
        Self { client, carries_time: false }
    }

    fn of(builder: ClientBuilder, carries_time: bool) -> Result<Self, StartError> {
        let client = build(builder).map_err(|error| {
            StartError::new(
                "cannot set up the HTTP client",
                error,
                "report this: it is a fault of the program",
            )
        })?;
        Ok(Self { client, carries_time })
    }

    /// Creates a request with the trace context, and the time that the trace carries. `url` is
    /// absolute.
    pub fn request(&self, trace: &Trace, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        exchanges::count_call();
        let request = RequestBuilder::new(self.client.clone(), self.carries_time, method, url.as_ref())
            .header("traceparent", trace.traceparent());
        let request = if self.carries_time { request.header(&OUTLIVE_DELAY, &VIRTUAL) } else { request };
        match trace.time.filter(|_| self.carries_time).and_then(|time| time.header()) {
            Some(time) => request.header(&OUTLIVE_TIME, time),
            None => request,
        }
    }

    /// Returns the inner client, for libraries that send requests.
    #[must_use]
    pub fn inner(&self) -> Client {
        self.client.clone()
    }
}

/// Services call each other over plain HTTP on a private network, so no root certificates are
/// loaded, which speeds up the start.
fn private() -> ClientBuilder {
    Client::builder().tls_certs_only([])
}

fn build(builder: ClientBuilder) -> reqwest::Result<Client> {
    builder
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .no_proxy()
        .http1_only()
        .build()
}
