//! Calls between services.

use std::time::Duration;

use http::Method;
use reqwest::{Client, ClientBuilder, RequestBuilder, redirect};

use crate::carried_time::OUTLIVE_TIME;
use crate::{StartError, Trace};

/// The HTTP client of a service, with pooled connections, a timeout and trace propagation. It does
/// not follow redirects.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
    /// Whether calls carry the tenant's time. Only services of this installation understand it.
    carries_time: bool,
}

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
        Self::of(Client::builder().tls_certs_only([]), true)
    }

    /// Builds a client that also reaches registered external hosts over HTTPS.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn to_anywhere() -> Result<Self, StartError> {
        Self::of(Client::builder(), false)
    }

    fn of(builder: ClientBuilder, carries_time: bool) -> Result<Self, StartError> {
        builder
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .no_proxy()
            .http1_only()
            .build()
            .map(|client| Self { client, carries_time })
            .map_err(|error| {
                StartError::new(
                    "cannot set up the HTTP client",
                    error,
                    "report this: it is a fault of the program",
                )
            })
    }

    /// Creates a request with the trace context, and the time that the trace carries.
    pub fn request(&self, trace: &Trace, method: Method, url: impl reqwest::IntoUrl) -> RequestBuilder {
        let request = self.client.request(method, url).header("traceparent", trace.traceparent());
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
