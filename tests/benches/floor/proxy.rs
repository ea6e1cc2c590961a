//! Bare proxies: what a call through the hub, and one by a flow, costs at least.

use std::convert::Infallible;
use std::rc::Rc;

use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::spawn_local;

use crate::bare::{RowWriter, data_of, on_event_loops};

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
}

/// What a proxy commits.
#[derive(Clone, Copy)]
pub(crate) enum Commits {
    /// A row before it responds.
    After,
    /// Also a row before it forwards, as the flow service does when a run begins.
    BeforeAndAfter,
    /// As [`Commits::After`], found by an index.
    Event,
    /// As [`Commits::BeforeAndAfter`], in tables like those of the flow service.
    Run,
}

impl Proxy {
    /// Starts it on an event loop per core. For each request it sends one over a kept connection,
    /// and commits a row before it responds. It looks up nothing and checks nothing. Returns its
    /// address.
    pub(crate) async fn serve(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        tokio::spawn(on_event_loops(listener, move |stream| forward(stream, self.clone())));
        address
    }
}

/// Forwards the requests of a connection until the load generator closes it.
async fn forward(stream: TcpStream, proxy: Proxy) {
    let Proxy { upstream, token, rows, row_bytes, commits } = proxy;
    let data = data_of(row_bytes);
    stream.set_nodelay(true).expect("an option of TCP");
    let to_upstream = TcpStream::connect(&upstream).await.expect("the server accepts connections");
    to_upstream.set_nodelay(true).expect("an option of TCP");
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(to_upstream)).await;
    let (sender, connection) = handshake.expect("a connection");
    spawn_local(connection);
    let sender = Rc::new(Mutex::new(sender));
    let authorization: HeaderValue = format!("Bearer {token}").parse().expect("a header");
    let host: HeaderValue = upstream.parse().expect("a header");
    let answer = service_fn(|request: Request<Incoming>| {
        let (sender, rows, data) = (Rc::clone(&sender), rows.clone(), data.clone());
        let (authorization, host) = (authorization.clone(), host.clone());
        async move {
            let (head, body) = request.into_parts();
            let _ = body.collect().await;
            let run = match commits {
                Commits::Run => Some(rows.begin_run(&data).await),
                Commits::BeforeAndAfter => {
                    rows.insert(&data).await;
                    None
                }
                Commits::After | Commits::Event => None,
            };
            let mut forwarded =
                Request::builder().uri(head.uri).body(Empty::<Bytes>::new()).expect("a request");
            forwarded.headers_mut().extend([(HOST, host), (AUTHORIZATION, authorization)]);
            let response = sender.lock().await.send_request(forwarded).await.expect("the server responds");
            let (head, body) = response.into_parts();
            let body = body.collect().await.expect("the body arrives").to_bytes();
            match (commits, run) {
                (_, Some(run)) => rows.end_run(run, &data).await,
                (Commits::Event, None) => rows.insert_event(&data).await,
                _ => rows.insert(&data).await,
            }
            Ok::<_, Infallible>(
                Response::builder().status(head.status).body(Full::new(body)).expect("a response"),
            )
        }
    });
    let _ = server::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}
