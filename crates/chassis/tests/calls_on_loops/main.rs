//! Calls from event loops to services on this machine, which have a client of their own. A test
//! program of its own: a process starts its event loops once.
//!
//! `scripts/test-programs` runs it alone: it measures in tenths of a second.

// Only Linux has the addresses from which loops call.
#![cfg(target_os = "linux")]

mod pairs;
mod server;

use std::error::Error;
use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method};
use outlive_chassis::{EventLoops, HttpClient, RequestBuilder, SendError, Trace, pause, serve};
use outlive_clock::Randomness;
use parking_lot::Mutex;
use reqwest::{Client, Response};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::server::{Received, Server};

static LOOPS: LazyLock<EventLoops> = LazyLock::new(|| EventLoops::start().expect("threads"));

static HTTP: LazyLock<HttpClient> = LazyLock::new(|| HttpClient::new().expect("a client"));

const EMPTY: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody";

/// Executes `work` on an event loop: in a handler of a service.
async fn on_loop<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    LazyLock::force(&LOOPS);
    let (sender, done) = oneshot::channel();
    let work = Arc::new(Mutex::new(Some(async move { drop(sender.send(work.await)) })));
    let app = Router::new().route("/", get(move || work.lock().take().expect("one request")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(serve(listener, app, std::future::pending()));
    Client::new().get(url).send().await.expect("a response");
    done.await.expect("no panic")
}

fn request(method: Method, url: &str) -> RequestBuilder {
    HTTP.request(&Trace::begin(&Randomness::from_seed(1)), method, url)
}

/// Whether the client of an event loop received the response: it does not parse the URL.
fn is_of_loop(response: &Response) -> bool {
    response.url().as_str() == "http://127.0.0.1/"
}

fn chain(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", chain(source)))
}

/// A request, with its header fields in alphabetical order.
fn sorted(request: &str) -> Vec<String> {
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    let (line, fields) = head.split_once("\r\n").expect("a request line");
    let mut fields: Vec<String> = fields.lines().map(str::to_owned).collect();
    fields.sort();
    [vec![line.to_owned()], fields, vec![body.to_owned()]].concat()
}

/// Requests of all kinds: `$at` begins one with a method, below a URL. The builders of reqwest and
/// of the chassis have the same methods.
macro_rules! requests {
    ($at:expr) => {{
        let at = $at;
        let mut headers = HeaderMap::new();
        headers.append("accept", HeaderValue::from_static("application/json"));
        headers.append("x-many", HeaderValue::from_static("1"));
        headers.append("x-many", HeaderValue::from_static("2"));
        [
            at(Method::GET, ""),
            at(Method::GET, "/a/../b c/'ä'?x='y'#z").query(&[("q", "ö&=")]).query(&[("none", None::<&str>)]),
            at(Method::GET, "/?").query(&[("a", 1)]).query(&Some([("b", 2)])).query::<[(&str, u8); 0]>(&[]),
            at(Method::GET, "/").header("x-many", "0").headers(headers).bearer_auth("token"),
            at(Method::POST, "/"),
            at(Method::POST, "/").body("text"),
            at(Method::PUT, "/").basic_auth("user", Some("secret")).json(&[1, 2]),
            at(Method::PUT, "/").basic_auth("user", None::<&str>).header("content-type", "x/y").json("text"),
            at(Method::POST, "/form").form(&[("a", "1 2"), ("b", "ü")]).header("host", "public.example"),
            at(Method::DELETE, "/").header("a", "1").header("a", "2"),
        ]
    }};
}

/// Sends all requests, and returns whether the client of an event loop received each response.
async fn send_all(url: String) -> Vec<bool> {
    let mut of_loop = Vec::new();
    for sent in requests!(|method, path| request(method, &format!("{url}{path}"))) {
        of_loop.push(is_of_loop(&sent.send().await.expect("a response")));
    }
    of_loop
}

#[tokio::test]
async fn a_call_sends_what_reqwest_sends() {
    let client = Client::new();
    let mut server = Server::start(vec![vec![EMPTY; 10]; 3]).await;
    let url = server.url.clone();
    let by_reqwest = |method: Method, path: &str| {
        let request = client.request(method, format!("{url}{path}")).header("outlive-delay", "virtual");
        request.header("traceparent", Trace::begin(&Randomness::from_seed(1)).traceparent())
    };
    for sent in requests!(by_reqwest) {
        sent.send().await.expect("a response");
    }
    drop(client);
    assert_eq!(send_all(server.url.clone()).await, [false; 10]);
    assert_eq!(on_loop(send_all(server.url.clone())).await, [true; 10]);
    let mut received = Vec::new();
    for _ in 0..30 {
        received.push(sorted(&server.request().await));
    }
    let (expected, received) = received.split_at(10);
    for (index, received) in received.iter().enumerate() {
        assert_eq!(*received, expected[index % 10]);
    }
}

#[tokio::test]
async fn a_call_receives_what_reqwest_receives() {
    let responses = [
        "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\
         content-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
        "HTTP/1.1 500 Broken\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nbody",
        EMPTY,
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    ];
    let server = Server::start(vec![responses.to_vec(); 2]).await;
    let receive = |url: String| async move {
        let mut received = Vec::new();
        for _ in responses {
            let response = request(Method::GET, &url).send().await.expect("a response");
            let (status, headers) = (response.status(), response.headers().clone());
            received.push((status, headers, response.content_length(), response.text().await.expect("text")));
        }
        received
    };
    let expected = receive(server.url.clone()).await;
    assert_eq!(expected.iter().map(|received| &*received.3).collect::<String>(), "bodybodyuntil the end");
    assert_eq!(on_loop(receive(server.url.clone())).await, expected);
}

#[tokio::test]
async fn calls_keep_their_connection_which_comes_from_the_address_of_the_loop() {
    let mut server = Server::start(vec![vec![OK, OK, OK]]).await;
    let url = server.url.clone();
    on_loop(async move {
        for _ in 0..3 {
            let response = request(Method::GET, &url).send().await.expect("a response");
            assert!(is_of_loop(&response));
            assert_eq!(response.text().await.expect("a text"), "body");
        }
    })
    .await;
    let Received::Connection(peer) = server.received().await else { panic!("not a connection") };
    let std::net::IpAddr::V4(peer) = peer.ip() else { panic!("{peer}") };
    assert!(peer != Ipv4Addr::LOCALHOST && peer.octets()[..3] == [127, 0, 64], "{peer}");
    for _ in 0..3 {
        assert!(matches!(server.received().await, Received::Request(_)));
    }
    assert_eq!(server.received().await, Received::End);
}

#[tokio::test]
async fn a_late_response_is_a_timeout() {
    let parts = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbody";
    let mut server = Server::start(vec![vec![""], vec![parts, OK]]).await;
    let url = server.url.clone();
    on_loop(async move {
        let send = || request(Method::GET, &url).timeout(Duration::from_millis(300)).send();
        let error = send().await.expect_err("no head");
        assert!(error.is_timeout() && !error.is_builder(), "{error:?}");
        assert_eq!(chain(&error), "operation timed out");

        let mut response = send().await.expect("a head");
        assert!(is_of_loop(&response));
        assert_eq!(response.chunk().await.expect("a part").as_deref(), Some(&b"body"[..]));
        let error = response.chunk().await.expect_err("no more");
        assert!(error.is_timeout(), "{error:?}");
        assert!(chain(&error).ends_with("operation timed out"), "{}", chain(&error));
        assert!(SendError::from(error).is_timeout());
    })
    .await;
    let _ = server.request().await;
    assert_eq!(server.received().await, Received::End, "a late call closes its connection");
}

#[tokio::test]
async fn a_refused_connection_is_an_error_with_its_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/secret", listener.local_addr().expect("bound"));
    drop(listener);
    let send = |url: String| async move { request(Method::GET, &url).send().await.expect_err("no server") };
    let (by_reqwest, of_loop) = (send(url.clone()).await, on_loop(send(url)).await);
    assert!(format!("{by_reqwest:?}").contains("Reqwest") && format!("{of_loop:?}").contains("Loopback"));
    for error in [by_reqwest, of_loop] {
        let chain = chain(&error);
        assert!(
            chain.starts_with("error sending request: ") && chain.contains("onnection refused"),
            "{chain}"
        );
        assert!(!chain.contains("secret") && !error.is_timeout() && !error.is_builder(), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_closes_a_connection_and_another_replaces_it() {
    let mut server = Server::start(vec![vec![OK], vec![OK]]).await;
    let url = server.url.clone();
    let called = tokio::spawn(on_loop(async move {
        for _ in 0..2 {
            let response = request(Method::POST, &url).body("x").send().await.expect("a response");
            assert!(is_of_loop(&response));
            assert_eq!(response.text().await.expect("a text"), "body");
            pause(Duration::from_millis(200)).await;
        }
    }));
    for _ in 0..2 {
        assert!(matches!(server.received().await, Received::Connection(_)));
        assert!(matches!(server.received().await, Received::Request(_)));
        assert_eq!(server.received().await, Received::End);
    }
    called.await.expect("no panic");
}

#[tokio::test]
async fn a_call_that_is_dropped_closes_its_connection() {
    let mut server = Server::start(vec![vec![""]]).await;
    let url = server.url.clone();
    on_loop(async move {
        let sending = request(Method::GET, &url).send();
        tokio::time::timeout(Duration::from_millis(200), sending).await.expect_err("no response");
    })
    .await;
    let _ = server.request().await;
    assert_eq!(server.received().await, Received::End);
}

#[tokio::test]
async fn a_part_that_is_not_valid_is_an_error_of_sending() {
    let send = |url: &'static str| async move {
        [
            request(Method::GET, url).header("x", "line\nbreak").send().await,
            request(Method::GET, url).header("not a name", "x").json(&1).send().await,
            request(Method::GET, url).bearer_auth("line\nbreak").header("x", "y").send().await,
            request(Method::GET, url).query(&1).send().await,
            request(Method::GET, url).form(&[[1, 2, 3]]).send().await,
        ]
    };
    let url = "http://127.0.0.1:9/";
    for error in send(url).await.into_iter().chain(on_loop(send(url)).await) {
        let error = error.expect_err("not valid");
        assert!(error.is_builder() && !error.is_timeout(), "{error:?}");
        assert!(!chain(&error).contains("break"), "{}", chain(&error));
    }
    let error = on_loop(request(Method::GET, "no URL").send()).await.expect_err("not valid");
    assert!(error.is_builder(), "{error:?}");
}
