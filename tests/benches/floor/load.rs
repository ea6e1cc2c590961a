//! The load generator: the same bytes, again and again, over kept connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use outlive_clock::{Span, wall_now};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cost::{Each, Meter};

/// A request, built once, so that the load generator costs little.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) request: Vec<u8>,
}

impl Target {
    /// A `POST` of a form to `url`.
    pub(crate) fn post_form(url: &str, form: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let head =
            format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", body.len());
        Self::new("POST", url, &head, &body)
    }

    /// A `GET` with a token.
    pub(crate) fn get(url: &str, scheme: &str, token: &str) -> Self {
        Self::new("GET", url, &format!("authorization: {scheme} {token}\r\n"), "")
    }

    fn new(method: &str, url: &str, headers: &str, body: &str) -> Self {
        let rest = url.strip_prefix("http://").expect("plain HTTP");
        let (address, path) = rest.split_once('/').expect("a path");
        let request = format!("{method} /{path} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n{body}");
        Self { address: address.to_owned(), request: request.into_bytes() }
    }

    /// The body of the request.
    pub(crate) fn body(&self) -> Bytes {
        let end = self.request.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        Bytes::copy_from_slice(&self.request[end..])
    }

    /// The same request to another server.
    pub(crate) fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), request: self.request.clone() }
    }
}

/// A kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server accepts connections");
        stream.set_nodelay(true).expect("an option of TCP");
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request and returns the bytes of the body of the response.
    ///
    /// # Panics
    /// When the response is anything but 200.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("the server reads the request");
        self.buffer.clear();
        let (begin, end) = loop {
            self.read().await;
            if let Some(body) = body_of(&self.buffer) {
                break body;
            }
        };
        while self.buffer.len() < end {
            self.read().await;
        }
        let ok = self.buffer.starts_with(b"HTTP/1.1 200 ");
        assert!(ok, "a request was refused: {}", String::from_utf8_lossy(&self.buffer));
        &self.buffer[begin..end]
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.expect("the server responds");
        assert!(read > 0, "the connection was closed: {}", String::from_utf8_lossy(&self.buffer));
    }
}

/// Where the body of a response begins and ends, once its head is there; for a body in chunks, once
/// the last one is there.
fn body_of(buffer: &[u8]) -> Option<(usize, usize)> {
    let begin = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&buffer[..begin]).expect("a head in ASCII");
    let value = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    if value("transfer-encoding").is_some() {
        return buffer.ends_with(b"0\r\n\r\n").then_some((begin, buffer.len()));
    }
    let length: usize = value("content-length").and_then(|value| value.parse().ok()).expect("a length");
    Some((begin, begin + length))
}

/// Sends requests over a number of connections for some time. Returns the cost of one.
pub(crate) async fn load(
    target: &Target,
    connections: usize,
    time: Span,
    system: Option<u32>,
) -> (Each, u64) {
    let target = Arc::new(target.clone());
    let done = Arc::new(AtomicU64::new(0));
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(&target.address).await);
    }
    let meter = Meter::start(system);
    let end = wall_now() + time;
    let clients: Vec<_> = open
        .into_iter()
        .map(|mut connection| {
            let (target, done) = (Arc::clone(&target), Arc::clone(&done));
            tokio::spawn(async move {
                while wall_now() < end {
                    connection.exchange(&target.request).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("no request is refused");
    }
    let done = done.load(Ordering::Relaxed);
    (meter.each(done), done)
}
