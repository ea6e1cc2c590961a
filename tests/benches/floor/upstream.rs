//! A kept connection to a server, by a client of HTTP: what a service needs to send requests.

use std::rc::Rc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::spawn_local;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Upstream {
    sender: Rc<Mutex<SendRequest<Full<Bytes>>>>,
    host: HeaderValue,
    authorization: HeaderValue,
}

impl Upstream {
    /// Connects from an event loop. Each request has this authorization.
    pub(crate) async fn connect(address: &str, authorization: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server accepts connections");
        stream.set_nodelay(true).expect("an option of TCP");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
        spawn_local(connection);
        Self {
            sender: Rc::new(Mutex::new(sender)),
            host: address.parse().expect("a header"),
            authorization: authorization.parse().expect("a header"),
        }
    }

    /// Sends a request, and returns the response when it is complete.
    pub(crate) async fn send(&self, method: Method, uri: Uri, body: Bytes) -> (StatusCode, Bytes) {
        let request = Request::builder().method(method).uri(uri).body(Full::new(body));
        let mut request = request.expect("a request");
        let headers = [(HOST, self.host.clone()), (AUTHORIZATION, self.authorization.clone())];
        request.headers_mut().extend(headers);
        let response = self.sender.lock().await.send_request(request).await.expect("the server responds");
        let (head, body) = response.into_parts();
        (head.status, body.collect().await.expect("the body arrives").to_bytes())
    }
}
