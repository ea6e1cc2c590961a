//! The client of an event loop for services on this machine: that of hyper, without the layers of
//! reqwest (proxies, redirects, TLS, cookies), which such calls do not need.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::ResponseBuilderExt as _;
use url::Url;

use super::connector::Connector;
use super::send_error::SendError;
use super::timed_body::{Deadline, TimedBody};
use crate::{event_loops, pause};

/// How long a connection may take to open, in wall time.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection without requests is kept, in wall time.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Stands for the URL of a response, which nothing reads: parsing it costs more than the call.
static URL_OF_RESPONSES: LazyLock<Url> =
    LazyLock::new(|| Url::parse("http://127.0.0.1/").expect("a constant URL"));

thread_local! {
    /// The client of this thread's event loop, if it is a loop.
    static OF_LOOP: OnceCell<Option<LoopbackClient>> = const { OnceCell::new() };
}

/// A client with connections to services on this machine, over plain HTTP/1.
#[derive(Clone)]
pub(super) struct LoopbackClient(Client<Connector, Full<Bytes>>);

impl LoopbackClient {
    /// Returns the client of this thread's event loop, if it is one. It calls from the address of
    /// the loop.
    pub(super) fn of_loop() -> Option<Self> {
        OF_LOOP.with(|client| client.get_or_init(|| event_loops::address_of_current().map(Self::new)).clone())
    }

    fn new(address: IpAddr) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(Connector::new(address, CONNECT_TIMEOUT));
        Self(client)
    }

    /// Sends a request. `timeout` (wall time) includes reading the body of the response.
    ///
    /// It is no `async fn`, whose future would contain the request.
    pub(super) fn send(
        &self,
        request: Request<Full<Bytes>>,
        timeout: Duration,
    ) -> impl Future<Output = Result<reqwest::Response, SendError>> + use<> {
        let response = self.0.request(request);
        async move {
            let mut deadline: Deadline = Box::pin(pause(timeout));
            let response = tokio::select! {
                biased;
                response = response => response?,
                () = &mut deadline => return Err(SendError::timed_out()),
            };
            Ok(with_deadline(response, deadline))
        }
    }
}

fn with_deadline(response: Response<Incoming>, deadline: Deadline) -> reqwest::Response {
    let (parts, body) = response.into_parts();
    let body = if body.is_end_stream() {
        reqwest::Body::default()
    } else {
        reqwest::Body::wrap(TimedBody { body, deadline })
    };
    let mut response = Response::builder().status(parts.status).version(parts.version);
    if let Some(headers) = response.headers_mut() {
        *headers = parts.headers;
    }
    if let Some(extensions) = response.extensions_mut() {
        *extensions = parts.extensions;
    }
    response.url(URL_OF_RESPONSES.clone()).body(body).expect("the parts of a response are valid").into()
}
