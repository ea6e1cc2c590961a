//! Opens connections to services on this machine.

use std::error::Error;
use std::future::ready;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::TryFutureExt as _;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tower::Service;

use crate::socket_pairs;
use crate::stream::Stream;

type BoxError = Box<dyn Error + Send + Sync>;

/// Opens a connection to a service of this process by a pair of sockets, to another one by TCP.
#[derive(Clone)]
pub(super) struct Connector(HttpConnector);

impl Connector {
    /// `address` is where TCP connections begin; `timeout` is in wall time.
    pub(super) fn new(address: IpAddr, timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_local_address(Some(address));
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(timeout));
        Self(tcp)
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    /// The host of the URI is `127.0.0.1`.
    fn call(&mut self, uri: Uri) -> Self::Future {
        if let Some(pair) = uri.port_u16().and_then(socket_pairs::connect) {
            return Box::pin(ready(Ok(TokioIo::new(Stream::Pair(pair)))));
        }
        let opening = self.0.call(uri);
        Box::pin(opening.map_ok(|tcp| TokioIo::new(Stream::Tcp(tcp.into_inner()))).map_err(Into::into))
    }
}
