//! Calls between services.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use reqwest::dns::Resolve;
use reqwest::{Certificate, Client, ClientBuilder, Identity, RequestBuilder, redirect};

use crate::carried_time::OUTLIVE_TIME;
use crate::faults::{OUTLIVE_DELAY, VIRTUAL};
use crate::{StartError, Trace, event_loops, exchanges};

thread_local! {
    /// The connections of this thread's event loop to services on this machine, if it is a loop.
    static OF_LOOP: OnceCell<Option<Client>> = const { OnceCell::new() };
}

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
        let url = url.as_ref();
        let of_loop = self.client_of_loop(url);
        let client = of_loop.as_ref().unwrap_or(&self.client);
        let request = client.request(method, url).header("traceparent", trace.traceparent());
        let request = if self.carries_time { request.header(&OUTLIVE_DELAY, &VIRTUAL) } else { request };
        match trace.time.filter(|_| self.carries_time).and_then(|time| time.header()) {
            Some(time) => request.header(&OUTLIVE_TIME, time),
            None => request,
        }
    }

    /// Returns the client of this thread's event loop, if it is one and the call stays on this
    /// machine.
    fn client_of_loop(&self, url: &str) -> Option<Client> {
        if !self.carries_time || !url.starts_with("http://127.0.0.1:") {
            return None;
        }
        OF_LOOP.with(|client| client.get_or_init(of_loop).clone())
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
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true)
        .no_proxy()
        .http1_only()
        .build()
}

/// The client of this thread's event loop, which calls from the address of the loop.
fn of_loop() -> Option<Client> {
    let address = event_loops::address_of_current()?;
    let client = build(private().local_address(address));
    client.inspect_err(|error| tracing::warn!(%error, "an event loop has no client of its own")).ok()
}
