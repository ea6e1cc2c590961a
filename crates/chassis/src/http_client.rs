//! Calls from service to service.

use std::time::Duration;

use http::Method;
use reqwest::{Client, ClientBuilder, RequestBuilder, redirect};

use crate::{StartError, Trace};

/// The one HTTP client of a service: pooled connections, no redirects followed, a time limit, the trace passed on.
#[derive(Debug, Clone)]
pub struct HttpClient(Client);

/// The longest a call between services may take, in wall time.
const TIMEOUT: Duration = Duration::from_secs(30);

impl HttpClient {
    /// Builds the client.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new() -> Result<Self, StartError> {
        // Services speak plain HTTP to each other on a private network: no roots to load, a quicker start.
        Self::of(Client::builder().tls_certs_only([]))
    }

    /// A client that also reaches hosts outside, by https: those that somebody registered.
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

    /// A request that carries the trace on.
    pub fn request(&self, trace: &Trace, method: Method, url: impl reqwest::IntoUrl) -> RequestBuilder {
        self.0.request(method, url).header("traceparent", trace.traceparent())
    }

    /// The client itself, for a library that makes its own requests.
    #[must_use]
    pub fn inner(&self) -> Client {
        self.0.clone()
    }
}
