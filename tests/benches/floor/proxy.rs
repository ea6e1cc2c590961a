//! Bare proxies: what a call through the hub, and one by a flow, costs at least.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::bare::{RowWriter, data_of, serve_connections};
use crate::bare_run::{CLOCK, Refreshes};
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
    pub(crate) commits: Commits,
    /// Which requests have to wait for a new token, if any.
    pub(crate) refreshes: Option<Refreshes>,
}

/// What a proxy commits.
#[derive(Clone, Copy)]
pub(crate) enum Commits {
    /// A row before it responds.
    Row,
    /// The same, found by an index.
    Event,
    /// Also that a run begins, before it forwards, in tables like those of the flow service.
    Run,
}

impl Proxy {
    /// Starts it on the event loops. For each request it sends one over a kept connection, after
    /// one for a new token if that is due, and commits a row before it responds. It looks up
    /// nothing and checks nothing. Returns its address.
    pub(crate) async fn serve(self) -> String {
        serve_connections(move |stream| forward(stream, self.clone())).await
    }
}

/// Forwards the requests of a connection until the load generator closes it.
async fn forward(stream: TcpStream, proxy: Proxy) {
    let Proxy { upstream, token, rows, row_bytes, commits, refreshes } = proxy;
    let data = data_of(row_bytes);
    stream.set_nodelay(true).expect("an option of TCP");
    let upstream = Upstream::connect(&upstream, &format!("Bearer {token}")).await;
    let issuer = match refreshes {
        Some(refreshes) => Some((Upstream::connect(&refreshes.issuer, "").await, refreshes)),
        None => None,
    };
    let answer = service_fn(|request: Request<Incoming>| {
        let (upstream, issuer, rows, data) = (upstream.clone(), issuer.clone(), rows.clone(), data.clone());
        async move {
            let (head, body) = request.into_parts();
            let _ = body.collect().await;
            if let Some((issuer, refreshes)) = issuer
                && refreshes.is_due()
            {
                issuer.send(Method::POST, head.uri.clone(), refreshes.body).await;
                rows.insert(&data).await;
            }
            let run = match commits {
                Commits::Run => Some(rows.begin_run(&data).await),
                Commits::Row | Commits::Event => None,
            };
            let (status, body) = upstream.send(Method::GET, head.uri, Bytes::new()).await;
            match (commits, run) {
                (_, Some(run)) => rows.end_run(run, &data).await,
                (Commits::Event, None) => rows.insert_event(&data).await,
                _ => rows.insert(&data).await,
            }
            // The lab, which causes runs, learns when the next one is due.
            let body = if run.is_some() { Bytes::from_static(CLOCK) } else { body };
            Ok::<_, Infallible>(Response::builder().status(status).body(Full::new(body)).expect("a response"))
        }
    });
    let _ = server::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}
