//! Limits on connections and on how long clients may take, and what a connection costs.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use futures::future::{Ready, ready};
use http::{Request, Response};
use outlive_chassis::{LocalAuthority, ServeLimits, TlsIdentity, pause, serve_tls_within, serve_within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const SHORT: Duration = Duration::from_millis(150);
/// Long enough that nothing in a test reaches it.
const LONG: Duration = Duration::from_secs(60);
/// Within so long, on a busy machine, whatever a short limit ends has ended.
const SOON: Duration = Duration::from_secs(10);

const UNLIMITED: ServeLimits = ServeLimits {
    connections: 64,
    handshake: LONG,
    header: LONG,
    body: LONG,
    unread: LONG,
    idle: LONG,
    write: LONG,
    evenly: false,
};

async fn start(limits: ServeLimits, app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve_within(limits, listener, app, std::future::pending()));
    address
}

fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "here" }))
        .route("/refuses", post(|| async { http::StatusCode::UNSUPPORTED_MEDIA_TYPE }))
        .route("/echo", post(|body: axum::body::Bytes| async { body }))
        .route(
            "/named",
            post(|body: Result<axum::body::Bytes, axum::extract::rejection::BytesRejection>| async move {
                let headers = [
                    ("client-request-id", "c"),
                    ("content-type", "application/json; charset=utf-8"),
                    ("date", "Mon, 05 Jan 2026 09:00:00 GMT"),
                    ("x-other", "o"),
                ];
                (headers, if body.is_ok() { "{}" } else { "{\"refused\":true}" })
            }),
        )
        .route(
            "/slow",
            get(|| async {
                pause(SHORT * 6).await;
                "at last"
            }),
        )
        .route(
            "/large",
            get(|| async {
                let chunk = axum::body::Bytes::from(vec![b'x'; 1 << 20]);
                let chunks = futures::stream::iter((0..64).map(move |_| Ok::<_, Infallible>(chunk.clone())));
                Body::from_stream(chunks)
            }),
        )
}

async fn connect(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes.as_bytes()).await.expect("it is sent");
    stream
}

/// All that the server sends until it closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let closed = timeout(SOON, stream.read_to_end(&mut received)).await;
    let _ = closed.expect("the server closes the connection");
    String::from_utf8_lossy(&received).into_owned()
}

/// The next part of a response, at least one byte.
async fn some(stream: &mut TcpStream) -> String {
    let mut buffer = vec![0; 4_096];
    let read = timeout(SOON, stream.read(&mut buffer)).await.expect("in time").expect("is read");
    assert!(read > 0, "the connection was closed");
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn a_header_that_does_not_arrive_in_time_ends_the_connection() {
    let address = start(ServeLimits { header: SHORT, ..UNLIMITED }, app()).await;
    for sent in ["", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let mut stream = connect(address, sent).await;
        assert_eq!(read_to_end(&mut stream).await, "", "{sent:?}");
    }
    // A next request on a connection that was used has the same limit, from its first byte.
    let mut stream = connect(address, REQUEST).await;
    assert!(some(&mut stream).await.ends_with("here"));
    pause(SHORT * 3).await;
    stream.write_all(b"GET / HT").await.expect("the connection is open between requests");
    assert_eq!(read_to_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_header_in_small_pieces_has_one_limit_for_all_of_them() {
    let address = start(ServeLimits { header: SHORT * 4, ..UNLIMITED }, app()).await;
    let mut stream = connect(address, "GET / HTTP/1.1\r\nhost: a\r\n").await;
    let mut sent = 0;
    while stream.write_all(b"x-a: b\r\n").await.is_ok() {
        pause(SHORT).await;
        sent += 1;
        assert!(sent < 60, "a connection with an endless header stays open");
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_answered_with_408() {
    let address = start(ServeLimits { body: SHORT, ..UNLIMITED }, app()).await;
    for length in ["content-length: 10", "transfer-encoding: chunked"] {
        let mut stream =
            connect(address, &format!("POST /echo HTTP/1.1\r\nhost: a\r\n{length}\r\n\r\n1\r\n")).await;
        let response = read_to_end(&mut stream).await;
        assert!(response.starts_with("HTTP/1.1 408 "), "{length}: {response}");
        assert!(response.contains(r#""code":"RequestTimeout""#), "{response}");
    }
}

/// The headers that name and date a request stay.
#[tokio::test]
async fn a_late_body_is_answered_with_the_names_of_its_request() {
    let address = start(ServeLimits { body: SHORT, ..UNLIMITED }, app()).await;
    let mut stream = connect(address, "POST /named HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n1").await;
    let response = read_to_end(&mut stream).await;
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    for part in [
        "client-request-id: c\r\n",
        "content-type: application/json; charset=utf-8\r\n",
        "date: Mon, 05 Jan 2026 09:00:00 GMT\r\n",
        r#""code":"RequestTimeout""#,
    ] {
        assert!(response.contains(part), "no {part}: {response}");
    }
    assert!(!response.contains("x-other") && !response.contains("refused"), "{response}");
}

/// A service that refuses a request need not read its body. If the body is small, the connection
/// stays usable; otherwise the response says that it is closed.
#[tokio::test]
async fn an_unread_body_leaves_a_connection_that_works_or_announces_its_end() {
    let patient = start(UNLIMITED, app()).await;
    let hasty = start(ServeLimits { unread: SHORT, ..UNLIMITED }, app()).await;
    let small = "x".repeat(200_000);
    let large = "x".repeat(300_000);
    let chunk = |body: &str| format!("{:x}\r\n{body}\r\n", body.len());
    let chunked = "transfer-encoding: chunked";
    for (header, parts, is_kept) in [
        ("content-length: 200000", [&small[..70_000], &small[70_000..]], true),
        ("content-length: 200000", ["", &small[..]], true),
        (chunked, [&chunk(&small)[..], "0\r\n\r\n"], true),
        // What was announced is never sent.
        ("content-length: 10", ["", "1"], false),
        ("content-length: 300000", ["", ""], false),
        (chunked, [&chunk(&large)[..], ""], false),
        ("content-length: 10\r\nexpect: 100-continue", ["", ""], false),
    ] {
        let address = if is_kept { patient } else { hasty };
        let head = format!("POST /refuses HTTP/1.1\r\nhost: a\r\n{header}\r\n\r\n");
        let mut stream = connect(address, &head).await;
        for part in parts {
            pause(SHORT / 10).await;
            stream.write_all(part.as_bytes()).await.expect("it is sent");
        }
        if is_kept {
            let response = some(&mut stream).await;
            assert!(response.starts_with("HTTP/1.1 415 "), "{header}: {response}");
            assert!(!response.contains("connection: close"), "{header}: {response}");
            stream.write_all(REQUEST.as_bytes()).await.expect("the connection stays open");
            assert!(some(&mut stream).await.ends_with("here"), "{header}");
        } else {
            let response = read_to_end(&mut stream).await;
            assert!(response.starts_with("HTTP/1.1 415 "), "{header}: {response}");
            assert!(response.contains("connection: close\r\n"), "{header}: {response}");
        }
    }
    for body in ["zz\r\n", "1\r\na\r\nzz\r\n"] {
        let request = format!("POST /echo HTTP/1.1\r\nhost: a\r\n{chunked}\r\n\r\n{body}");
        let response = read_to_end(&mut connect(patient, &request).await).await;
        assert!(response.starts_with("HTTP/1.1 400 "), "{body}: {response}");
        assert!(response.contains("connection: close\r\n"), "{body}: {response}");
    }
}

#[tokio::test]
async fn an_idle_connection_ends_and_one_whose_request_is_being_answered_stays() {
    let limits = ServeLimits { header: SHORT, body: SHORT, idle: SHORT, write: SHORT, ..UNLIMITED };
    let address = start(limits, app()).await;
    let mut stream = connect(address, "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let response = read_to_end(&mut stream).await;
    assert!(response.ends_with("at last"), "{response}");
}

#[tokio::test]
async fn disconnects_a_client_that_does_not_read_its_response() {
    let address = start(ServeLimits { write: SHORT, connections: 1, ..UNLIMITED }, app()).await;
    let mut hoarder = connect(address, "GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    some(&mut hoarder).await;
    // There is one seat: it is free again once the server gave up on the first client.
    let mut next = connect(address, REQUEST).await;
    assert!(some(&mut next).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_one_closes() {
    let address = start(ServeLimits { connections: 2, ..UNLIMITED }, app()).await;
    let mut first = connect(address, REQUEST).await;
    let mut second = connect(address, REQUEST).await;
    some(&mut first).await;
    some(&mut second).await;
    let mut third = connect(address, REQUEST).await;
    let waiting = timeout(SHORT, third.read_u8()).await;
    assert!(waiting.is_err(), "the third of two connections is answered");
    drop(first);
    assert!(some(&mut third).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_tls_handshake_that_does_not_finish_in_time_ends_the_connection() {
    let data = tempfile::tempdir().expect("a temporary directory");
    let authority = LocalAuthority::open(data.path(), &["localhost".to_owned()]).expect("an authority");
    let identity = TlsIdentity::issue(&authority, &["localhost".to_owned()]).expect("a certificate");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let limits = ServeLimits { handshake: SHORT, ..UNLIMITED };
    tokio::spawn(serve_tls_within(limits, listener, identity, app(), std::future::pending()));
    let mut stream = connect(address, "").await;
    assert_eq!(read_to_end(&mut stream).await, "");
}

/// Counts how often it is cloned.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl tower::Service<Request<Body>> for Counted {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Ok(Response::new(Body::empty())))
    }
}

#[tokio::test]
async fn a_connection_prepares_no_routes() {
    let clones = Arc::new(AtomicUsize::new(0));
    let app = app().route_service("/counted", Counted(Arc::clone(&clones)));
    let address = start(UNLIMITED, app).await;
    some(&mut connect(address, REQUEST).await).await;
    let before = clones.load(Ordering::Relaxed);
    for _ in 0..20 {
        some(&mut connect(address, REQUEST).await).await;
    }
    assert_eq!(clones.load(Ordering::Relaxed), before, "routes that are not asked for are cloned");
}
