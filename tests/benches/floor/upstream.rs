//! A kept connection to a server, by a client of HTTP: what a service needs to send requests.

use std::rc::Rc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::http::response::Parts;
use hyper::{HeaderMap, Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::spawn_local;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Upstream {
    sender: Rc<Mutex<SendRequest<Full<Bytes>>>>,
    host: HeaderValue,
}

impl Upstream {
    /// Connects from an event loop.
    pub(crate) async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server accepts connections");
        stream.set_nodelay(true).expect("an option of TCP");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
        spawn_local(connection);
        Self { sender: Rc::new(Mutex::new(sender)), host: address.parse().expect("a header") }
    }

    /// Sends a request, and returns the response when it is complete.
    pub(crate) async fn send(
        &self,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> (Parts, Bytes) {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request.headers_mut().insert(HOST, self.host.clone());
        let response = self.sender.lock().await.send_request(request).await.expect("the server responds");
        let (head, body) = response.into_parts();
        (head, body.collect().await.expect("the body arrives").to_bytes())
    }
}
