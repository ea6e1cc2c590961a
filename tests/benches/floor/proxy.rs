//! A bare proxy: what a call through the hub costs at least.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::bare::{RowWriter, data_of, serve_connections};
use crate::upstream::Upstream;

/// A bare proxy.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// The address to which it forwards.
    pub(crate) upstream: String,
    /// The token that it sends in place of the caller's key.
    pub(crate) token: String,
    pub(crate) rows: RowWriter,
    pub(crate) row_bytes: usize,
}

impl Proxy {
    /// Starts it on the event loops. For each request it sends one over a kept connection, and
    /// commits a row before it responds. It looks up nothing and checks nothing. Returns its
    /// address.
    pub(crate) async fn serve(self) -> String {
        serve_connections(move |stream| forward(stream, self.clone())).await
    }
}

/// Forwards the requests of a connection until the load generator closes it.
async fn forward(stream: TcpStream, proxy: Proxy) {
    let Proxy { upstream, token, rows, row_bytes } = proxy;
    let data = data_of(row_bytes);
    stream.set_nodelay(true).expect("an option of TCP");
    let upstream = Upstream::connect(&upstream).await;
    let token: HeaderValue = format!("Bearer {token}").parse().expect("a header");
    let answer = service_fn(|request: Request<Incoming>| {
        let (upstream, token, rows, data) = (upstream.clone(), token.clone(), rows.clone(), data.clone());
        async move {
            let (head, body) = request.into_parts();
            let _ = body.collect().await;
            let headers = HeaderMap::from_iter([(AUTHORIZATION, token)]);
            let (received, body) = upstream.send(Method::GET, head.uri, headers, Bytes::new()).await;
            rows.insert(&data).await;
            let response = Response::builder().status(received.status).body(Full::new(body));
            Ok::<_, Infallible>(response.expect("a response"))
        }
    });
    let _ = server::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}
