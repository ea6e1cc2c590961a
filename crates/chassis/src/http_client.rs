//! Calls between services.

use std::time::Duration;

use http::Method;
use reqwest::{Client, ClientBuilder, RequestBuilder, redirect};

use crate::{StartError, Trace};

/// The HTTP client of a service, with pooled connections, a timeout and trace propagation. It does
/// not follow redirects.
#[derive(Debug, Clone)]
pub struct HttpClient(Client);

/// The timeout of a call, in wall time.
const TIMEOUT: Duration = Duration::from_secs(30);

impl HttpClient {
    /// Builds the client.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new() -> Result<Self, StartError> {
        // Services call each other over plain HTTP on a private network, so no root certificates
        // are loaded, which speeds up the start.
        Self::of(Client::builder().tls_certs_only([]))
    }

    /// Builds a client that also reaches registered external hosts over HTTPS.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn to_anywhere() -> Result<Self, StartError> {
        Self::of(Client::builder())
    }

    fn of(builder: ClientBuilder) -> Result<Self, StartError> {
        builder
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .no_proxy()
            .http1_only()
            .build()
            .map(Self)
            .map_err(|error| {
                StartError::new(
                    "cannot set up the HTTP client",
                    error,
                    "report this: it is a fault of the program",
                )
            })
    }

    /// Creates a request with the trace context.
    pub fn request(&self, trace: &Trace, method: Method, url: impl reqwest::IntoUrl) -> RequestBuilder {
        self.0.request(method, url).header("traceparent", trace.traceparent())
    }

    /// Returns the inner client, for libraries that send requests.
    #[must_use]
    pub fn inner(&self) -> Client {
        self.0.clone()
    }
}
